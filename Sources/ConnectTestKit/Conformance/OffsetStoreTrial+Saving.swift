// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension OffsetStoreTrial {
    /// All checks of an offset store, in the order of the report.
    static let checks = saving + claiming

    private static let saving: [ConformanceCheck<OffsetStoreTrial>] = [
        .init("store.positions", "a claim gives what was saved, the newest of each partition") {
            try await $0.checkPositions()
        },
        .init("store.offsets", "every form of an offset comes back, with its sequence number") {
            try await $0.checkOffsets()
        },
        .init("store.names", "connectors and partitions may have any name, and are kept apart") {
            try await $0.checkNames()
        },
        .init("store.many", "a thousand partitions are saved and found") { try await $0.checkMany() },
        .init("store.remove", "a removed position is gone, and the others stay") { try await $0.checkRemove() },
        .init("store.checkpoints", "checkpoints are kept for each sink, and stay when positions are saved") {
            try await $0.checkCheckpoints()
        },
        .init("store.empty", "nothing is stored at first, and saving nothing changes nothing") {
            try await $0.checkEmpty()
        },
        .init("store.concurrent", "saves that are made at the same time are all kept") {
            try await $0.checkConcurrent()
        },
        .init("store.cancelled", "a cancelled save returns in time and is there whole or not at all") {
            try await $0.checkCancelledSave()
        },
        .init("store.reopen", "positions, checkpoints and epochs are there when the store is opened again") {
            try await $0.checkReopen()
        },
        .init("store.descriptors", "no file descriptor stays open after the last release") {
            try await $0.checkDescriptors()
        },
    ]

    private func checkPositions() async throws {
        let first = try await claim()
        try await save([.at(1), .at(5, in: "b")], first)
        try await save([.at(2), .at(9, in: "c")], first)
        try await release(first)
        let second = try await claim()
        let expected: [StoredPosition] = [.at(2), .at(5, in: "b"), .at(9, in: "c")]
        try expect(second, expected, "let each save replace the positions that it names, and keep the others")
    }

    private func checkOffsets() async throws {
        let texts = [
            "", "0", "fifteen bytes!!", "sixteen bytes!!!", "größer, 大きい", String(repeating: "x", count: 5000),
        ]
        var offsets = texts.map { RecordOffset($0) }
        offsets += [0, -1, .max, .min].map { RecordOffset($0) } + [RecordOffset(7, incarnation: .max)]
        offsets.append(try RecordOffset(encoding: ["file": "a", "line": "12"], version: 3))
        let positions = offsets.enumerated().map { index, offset in
            let position = RecordPosition(partition: RecordPartition("p\(index)"), offset: offset)
            return StoredPosition(position, sequence: UInt64(Int64.max) - UInt64(index))
        }
        let claim = try await claim()
        try await save(positions, claim)
        try await release(claim)
        try expect(
            try await stored(),
            positions,
            "store the offset's form with it, and the runner's sequence number as it is"
        )
    }

    private func checkNames() async throws {
        try need(subject.acceptsAnyName, "the subject says that not every name is possible")
        let names = ["", " ", "a", "A", "a/b", "../a", "größer 大きい", "'; drop table", "a\nb", "%s", "a\u{0}b"]
        for (index, name) in names.enumerated() {
            let claim = try await claim("connector " + name)
            try await save(
                names.enumerated().map { .at(Int64(100 * index + $0), in: String(repeating: "p", count: 300) + $1) },
                claim
            )
            try await save([.at(Int64(index), in: "")], claim)
            try await release(claim)
        }
        for (index, name) in names.enumerated() {
            let expected = names.enumerated().map {
                StoredPosition.at(Int64(100 * index + $0), in: String(repeating: "p", count: 300) + $1)
            }
            let found = try await stored("connector " + name)
            try expect(found, expected + [.at(Int64(index), in: "")], "compare names byte by byte, and quote them")
        }
    }

    private func checkMany() async throws {
        let claim = try await claim()
        let positions = (0..<1000).map { StoredPosition.at($0, in: "partition \($0)") }
        try await save(positions, claim)
        try await release(claim)
        try expect(try await stored(), positions, "divide what is too large for one request, within one transaction")
    }

    private func checkRemove() async throws {
        let first = try await claim()
        try await save([.at(1), .at(2, in: "b"), .at(3, in: "c")], first)
        let gone = [RecordPartition("a"), RecordPartition("never stored")]
        try await save(OffsetChanges(positions: [.at(4, in: "c")], removed: gone), first)
        try await release(first)
        let expected: [StoredPosition] = [.at(2, in: "b"), .at(4, in: "c")]
        try expect(try await stored(), expected, "remove the partitions that are named, in the same step as the rest")
    }

    private func checkCheckpoints() async throws {
        let checkpoints = [
            "files": SinkCheckpoint(SharedBytes([0, 255, 10]), version: 7), "empty": SinkCheckpoint(SharedBytes()),
        ]
        let first = try await claim()
        try await save(OffsetChanges(checkpoints: ["files": SinkCheckpoint(SharedBytes([1]))]), first)
        try await save(OffsetChanges(positions: [.at(1)], checkpoints: checkpoints), first)
        try await save([.at(2)], first)
        try await release(first)
        let found = try await stored()
        try expect(found, [.at(2)], "keep positions and checkpoints side by side")
        try expectCheckpoints(found, checkpoints)
        try expectCheckpoints(try await stored("returns"), [:])
    }

    private func expectCheckpoints(_ claim: OffsetClaim, _ expected: [String: SinkCheckpoint]) throws {
        guard claim.checkpoints != expected else { return }
        throw Finding.broken(
            expected: "the checkpoints of \(expected.keys.sorted()) as they were saved",
            seen: "other ones, of \(claim.checkpoints.keys.sorted())",
            advice: "store bytes and version of each sink's newest checkpoint with the connector"
        )
    }

    private func checkEmpty() async throws {
        let first = try await claim()
        try expect(first, [], "begin with nothing")
        try expectCheckpoints(first, [:])
        try await save(OffsetChanges(), first)
        try await save([.at(1)], first)
        try await save(OffsetChanges(), first)
        try await release(first)
        try expect(try await stored(), [.at(1)], "let a save of nothing change nothing")
    }

    private func checkConcurrent() async throws {
        let names = (0..<8).map { "connector \($0)" }
        var claims: [OffsetClaim] = []
        for name in names { claims.append(try await claim(name)) }
        let calls = claims.map { claim in
            caller.begin { [store] in
                for offset in 0..<5 {
                    let changes = OffsetChanges(positions: [.at(Int64(offset)), .at(Int64(offset), in: "b")])
                    try await store.save(changes, under: claim.token)
                }
            }
        }
        for call in calls {
            guard let outcome = await call.outcome(within: caller.limits.call) else { throw caller.hung("save") }
            if case .failure(let error) = outcome {
                throw Finding.broken(
                    expected: "saves of different owners at the same time to succeed",
                    seen: "the error '\(error)'",
                    advice: "let them take turns inside the store"
                )
            }
        }
        for claim in claims { try await release(claim) }
        for name in names {
            try expect(try await stored(name), [.at(4), .at(4, in: "b")], "let no save undo another one's changes")
        }
    }

    private func checkCancelledSave() async throws {
        var owner = try await claim()
        try await save([.at(0), .at(0, in: "b")], owner)
        for (index, pause) in [nil, nil, Duration.zero, .milliseconds(1)].enumerated() {
            let number = Int64(index + 1)
            let token = owner.token
            _ = try await caller.cancelled("save", after: pause) { [store] in
                try await store.save(OffsetChanges(positions: [.at(number), .at(number, in: "b")]), under: token)
            }
            _ = try await caller.cancelled("renew") { [store] in try await store.renew(token) }
            owner = try await claim("orders", nil, .takeOver)
            guard owner.positions.count == 2, Set(owner.positions.map(\.sequence)).count == 1 else {
                throw Finding.broken(
                    expected: "a cancelled save to be there whole or not at all",
                    seen: "\(owner.positions.map(\.position))",
                    advice: "save all changes in one step that cancellation cannot divide"
                )
            }
        }
        try await save([.at(9), .at(9, in: "b")], owner)
        let token = owner.token
        _ = try await caller.cancelled("release") { [store] in try await store.release(token) }
        try expect(try await stored(), [.at(9), .at(9, in: "b")], "work on after a call that was cancelled")
    }

    private func checkReopen() async throws {
        try need(subject.reopen != nil, "the store's positions end with it, or the subject has no way to open it again")
        let checkpoints = ["files": SinkCheckpoint(SharedBytes([1, 2]), version: 2)]
        let first = try await claim()
        try await save(OffsetChanges(positions: [.at(1), .at(2, in: "b")], checkpoints: checkpoints), first)
        try await save(OffsetChanges(positions: [.at(3)], removed: [RecordPartition("b")]), first)
        try await release(first)
        let later = try await reopened()
        let second = try await later.claim()
        try expect(second, [.at(3)], "return from save when everything is durable")
        try expectCheckpoints(second, checkpoints)
        try later.expectHigher(second, than: first)
        try await later.release(second)
    }

    func expectHigher(_ claim: OffsetClaim, than other: OffsetClaim) throws {
        guard claim.token.epoch <= other.token.epoch else { return }
        throw Finding.broken(
            expected: "an epoch above \(other.token.epoch)",
            seen: "\(claim.token.epoch)",
            advice: "keep the newest epoch of each connector with the positions, and count on from it"
        )
    }

    private func checkDescriptors() async throws {
        try need(subject.reopen != nil, "the subject has no way to open the store again")
        try await release(try await claim())
        let leak = try await OpenDescriptors.leak {
            let store = try await reopened()
            let claim = try await store.claim()
            try await store.save([.at(1)], claim)
            try await store.release(claim)
        }
        guard let leak else { return }
        throw Finding.broken(
            expected: "no file descriptor to stay open",
            seen: "\(leak) more after each claim and release",
            advice: "close with the last release what the first claim has opened"
        )
    }
}
