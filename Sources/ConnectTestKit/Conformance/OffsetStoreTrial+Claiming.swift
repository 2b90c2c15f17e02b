// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension OffsetStoreTrial {
    static let claiming: [ConformanceCheck<OffsetStoreTrial>] = [
        .init("store.epochs", "every claim of a connector has a higher epoch than all before it") {
            try await $0.checkEpochs()
        },
        .init("store.owned", "a scope that is owned is not given away") { try await $0.checkOwned() },
        .init("store.release", "what is released is free, and a release of an outdated claim changes nothing") {
            try await $0.checkRelease()
        },
        .init("store.wait", "a standby gets the scope, and what was saved last, when it is released") {
            try await $0.checkWait()
        },
        .init("store.wait.cancelled", "a standby that is cancelled stops waiting, and owns nothing") {
            try await $0.checkCancelledWait()
        },
        .init("store.takeOver", "a scope can be taken over at once, with what was saved") {
            try await $0.checkTakeOver()
        },
        .init("store.fenced", "whoever lost the scope can save nothing any more, also not in part") {
            try await $0.checkFenced()
        },
        .init("store.renew", "an owner can renew, and learns when the scope is lost") { try await $0.checkRenew() },
        .init("store.partitions", "claims of all partitions and of one exclude each other; of two different ones not") {
            try await $0.checkPartitions()
        },
        .init("store.scopes", "connectors and claimed partitions have nothing to do with each other") {
            try await $0.checkScopes()
        },
    ]

    private func checkEpochs() async throws {
        var last = try await claim()
        try await release(last)
        for (partition, policy) in [
            (nil, ClaimPolicy.failIfOwned), ("a", .failIfOwned), ("a", .takeOver), (nil, .wait),
        ] {
            let next = try await claim("orders", partition, policy)
            try expectHigher(next, than: last)
            try await release(next)
            last = next
        }
        let owner = try await claim()
        let successor = try await claim("orders", nil, .takeOver)
        try expectHigher(owner, than: last)
        try expectHigher(successor, than: owner)
    }

    private func checkOwned() async throws {
        let owner = try await claim()
        try await expectRefusal("a claim of what is owned", .retryable) { [store] in
            try await store.claim(Self.request("orders"))
        }
        try await save([.at(1)], owner)
        try await release(owner)
    }

    private func checkRelease() async throws {
        let first = try await claim()
        try await save([.at(1)], first)
        try await release(first)
        let second = try await claim()
        try expect(second, [.at(1)], "keep the positions when a scope is released")
        try await release(first)
        try await expectRefusal("a claim of what is owned, after an outdated release", .retryable) { [store] in
            try await store.claim(Self.request("orders"))
        }
        try await save([.at(2)], second)
        try await release(second)
        try await release(second)
        try expect(try await claim(), [.at(2)], "keep the positions when a scope is released")
    }

    private func checkWait() async throws {
        let owner = try await claim()
        let standby = caller.begin { [store] in try await store.claim(Self.request("orders", nil, .wait)) }
        if await standby.outcome(within: caller.limits.idle) != nil {
            throw Self.notWaiting("that it came back at once")
        }
        try await save([.at(5)], owner)
        try await release(owner)
        guard let outcome = await standby.outcome(within: caller.limits.call) else {
            throw Self.notWaiting("that it waits on after the release")
        }
        guard case .success(let claim) = outcome else { throw Self.notWaiting("\(outcome)") }
        try expect(claim, [.at(5)], "read what is stored when the claim is granted, not when it is asked for")
        try expectHigher(claim, than: owner)
        try await save([.at(6)], claim)
        try await release(claim)
    }

    private static func notWaiting(_ seen: String) -> Finding {
        .broken(
            expected: "a claim that waits to come back when the scope is free, and not before",
            seen: seen,
            advice: "suspend it, and wake it with the release or when the lease is over"
        )
    }

    private func checkCancelledWait() async throws {
        let owner = try await claim()
        for pause in [nil, caller.limits.idle] {
            let outcome = try await caller.cancelled("claim that waits", after: pause) { [store] in
                try await store.claim(Self.request("orders", nil, .wait))
            }
            if case .success = outcome { throw Self.notWaiting("a claim of what is owned") }
        }
        try await save([.at(1)], owner)
        try await release(owner)
        // Were a cancelled standby still in the queue, it would own the scope now.
        let next = try await claim()
        try await save([.at(2)], next)
        try await release(next)
    }

    private func checkTakeOver() async throws {
        let owner = try await claim()
        try await save([.at(3)], owner)
        let successor = try await claim("orders", nil, .takeOver)
        try expect(successor, [.at(3)], "give the new owner what is stored")
        try expectHigher(successor, than: owner)
        try await save([.at(4)], successor)
        try await release(successor)
        let again = try await claim("orders", nil, .takeOver)
        try expect(again, [.at(4)], "give the new owner what is stored")
    }

    private func checkFenced() async throws {
        let old = try await claim()
        try await save([.at(1), .at(1, in: "b")], old)
        let new = try await claim("orders", nil, .takeOver)
        let late = OffsetChanges(positions: [.at(9), .at(9, in: "c")], removed: [RecordPartition("b")])
        try await expectRefusal("a save under an outdated epoch", .fenced) { [store] in
            try await store.save(late, under: old.token)
        }
        let none = OffsetChanges()
        try await expectRefusal("a save of nothing under an outdated epoch", .fenced) { [store] in
            try await store.save(none, under: old.token)
        }
        try await save([.at(2)], new)
        try await release(new)
        let expected: [StoredPosition] = [.at(2), .at(1, in: "b")]
        try expect(try await claim(), expected, "compare the epoch in the transaction of the changes")
    }

    private func checkRenew() async throws {
        let old = try await claim()
        try await caller.call("renew") { [store] in try await store.renew(old.token) }
        let new = try await claim("orders", nil, .takeOver)
        try await expectRefusal("renewing a claim that was taken over", .fenced) { [store] in
            try await store.renew(old.token)
        }
        try await caller.call("renew") { [store] in try await store.renew(new.token) }
        try await release(new)
    }

    private func checkPartitions() async throws {
        let a = try await claim("orders", "a")
        let b = try await claim("orders", "b")
        try await expectRefusal("a claim of a partition that is owned", .retryable) { [store] in
            try await store.claim(Self.request("orders", "a"))
        }
        try await expectRefusal("a claim of a connector one of whose partitions is owned", .retryable) { [store] in
            try await store.claim(Self.request("orders"))
        }
        try await release(b)
        let all = try await claim("orders", nil, .takeOver)
        try await expectRefusal("renewing a partition of a connector that was taken over", .fenced) { [store] in
            try await store.renew(a.token)
        }
        try await expectRefusal("a claim of a partition of a connector that is owned", .retryable) { [store] in
            try await store.claim(Self.request("orders", "c"))
        }
        try await release(all)
        try await release(try await claim("orders", "c"))
    }

    private func checkScopes() async throws {
        let orders = try await claim("orders")
        let returns = try await claim("returns")
        try await save([.at(1), .at(2, in: "b")], orders)
        try await save([.at(7)], returns)
        try await release(orders)
        try await caller.call("renew") { [store] in try await store.renew(returns.token) }
        try expect(try await stored(), [.at(1), .at(2, in: "b")], "keep positions by the connector's name")
        let part = try await claim("orders", "b")
        try expect(part, [.at(2, in: "b")], "give a claim of one partition the position of that partition")
        try await save([.at(3, in: "b")], part)
        let foreign = try await caller.attempt("save") { [store] in
            try await store.save(OffsetChanges(positions: [.at(9)]), under: part.token)
        }
        try await release(part)
        guard case .failure = foreign else {
            throw Finding.broken(
                expected: "a claim of one partition not to store a position of another",
                seen: "that it did",
                advice: "check that changes are within the scope of the claim"
            )
        }
        try expect(try await stored(), [.at(1), .at(3, in: "b")], "keep what the partition's owner has saved")
    }
}
