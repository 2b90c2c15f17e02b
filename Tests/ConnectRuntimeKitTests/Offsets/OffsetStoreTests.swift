// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("Offset stores, each of them", .timeLimit(.minutes(10)))
struct OffsetStoreTests {
    private static let offsets: [RecordOffset] = [
        RecordOffset(0), RecordOffset(.max), RecordOffset(-1, incarnation: .max), RecordOffset(""),
        RecordOffset("fifteen bytes!!"), RecordOffset("sixteen bytes!!!"), RecordOffset("größer als das"),
    ]

    @Test("S18: a saved position is given to the next owner, once", arguments: StoreKind.allCases)
    func savedPosition(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.claim(.of("orders"))
            #expect(first.positions.isEmpty && first.checkpoints.isEmpty)
            #expect(first.token.epoch == Epoch(1) && first.lease == nil)
            try await store.save(.at(41, in: "a"), under: first.token)
            try await store.save(.at(42, in: "a"), under: first.token)
            try await store.release(first.token)
            #expect(try await store.claim(.of("orders")).positions == [.at(42, in: "a")])
        }
    }

    @Test(
        "S19: a removed position is gone; where it is also saved, the saved one stands",
        arguments: StoreKind.allCases
    )
    func removedPosition(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.claim(.of("orders"))
            try await store.save(OffsetChanges(positions: [.at(1, in: "a"), .at(2, in: "b")]), under: first.token)
            let removed = OffsetChanges(positions: [.at(3, in: "b")], removed: ["a", "b"].map { RecordPartition($0) })
            try await store.save(removed, under: first.token)
            let second = try await store.claim(.of("orders", nil, .takeOver))
            #expect(second.positions == [.at(3, in: "b")])
        }
    }

    @Test("S20: the only partition has a position like any other", arguments: StoreKind.allCases)
    func onlyPartition(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.claim(.of("orders"))
            try await store.save(.at(7), under: first.token)
            let second = try await store.claim(.of("orders", nil, .takeOver))
            #expect(second.positions == [.at(7)])
            #expect(second.positions.first?.position.partition == .single)
        }
    }

    @Test("S21: nothing to save is saved at once, and only for the owner", arguments: StoreKind.allCases)
    func nothingToSave(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.claim(.of("orders"))
            try await store.save(OffsetChanges(), under: first.token)
            try await store.release(first.token)
            #expect(await code { try await store.save(OffsetChanges(), under: first.token) } == .fenced)
        }
    }

    @Test("S25: every form of an offset and its sequence come back", arguments: StoreKind.allCases)
    func offsetForms(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let encoded = try RecordOffset(encoding: ["file": "a", "line": "12"], version: 3)
            let positions = (Self.offsets + [encoded]).enumerated().map { index, offset in
                StoredPosition(
                    RecordPosition(partition: RecordPartition("p\(index)"), offset: offset),
                    sequence: .max - UInt64(index)
                )
            }
            let first = try await store.claim(.of("orders"))
            try await store.save(OffsetChanges(positions: positions), under: first.token)
            #expect(try await store.claim(.of("orders", nil, .takeOver)).positions == positions)
        }
    }

    @Test("S27: positions are listed by connector", arguments: StoreKind.allCases)
    func connectors(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let orders = try await store.claim(.of("orders"))
            let returns = try await store.claim(.of("returns"))
            try await store.save(OffsetChanges(positions: [.at(2, in: "b"), .at(1, in: "a")]), under: orders.token)
            try await store.save(.at(9, in: "a"), under: returns.token)
            try await store.release(orders.token)
            #expect(try await store.claim(.of("orders")).positions == [.at(1, in: "a"), .at(2, in: "b")])
            try await store.release(returns.token)
            #expect(try await store.claim(.of("returns")).positions == [.at(9, in: "a")])
        }
    }

    @Test("S30: an older epoch is refused after a newer one took over", arguments: StoreKind.allCases)
    func fencing(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let old = try await store.claim(.of("orders"))
            try await store.save(.at(1), under: old.token)
            let new = try await store.claim(.of("orders", nil, .takeOver))
            #expect(new.token.epoch > old.token.epoch)
            #expect(await code { try await store.save(.at(2), under: old.token) } == .fenced)
            #expect(await code { try await store.renew(old.token) } == .fenced)
            try await store.release(old.token)
            try await store.renew(new.token)
            try await store.save(.at(3), under: new.token)
            #expect(try await store.claim(.of("orders", nil, .takeOver)).positions == [.at(3)])
        }
    }

    @Test("S30: epochs only grow, whatever is claimed and released", arguments: StoreKind.allCases)
    func epochs(kind: StoreKind) async throws {
        try await kind.withStore { store in
            var last = Epoch(0)
            for partition in [nil, "a", "a", nil, "b", nil] {
                let claim = try await store.claim(.of("orders", partition))
                #expect(claim.token.epoch > last)
                last = claim.token.epoch
                try await store.release(claim.token)
            }
        }
    }

    @Test("checkpoints come back with their sink and version", arguments: StoreKind.allCases)
    func checkpoints(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let checkpoints = [
                "files": SinkCheckpoint(SharedBytes([1, 2, 3]), version: 7), "empty": SinkCheckpoint(SharedBytes()),
            ]
            let first = try await store.claim(.of("orders"))
            try await store.save(
                OffsetChanges(checkpoints: ["files": SinkCheckpoint(SharedBytes([9]))]),
                under: first.token
            )
            try await store.save(OffsetChanges(positions: [.at(1)], checkpoints: checkpoints), under: first.token)
            try await store.release(first.token)
            let part = try await store.claim(.of("orders", "a"))
            #expect(part.checkpoints.isEmpty)
            try await store.release(part.token)
            #expect(try await store.claim(.of("orders")).checkpoints == checkpoints)
        }
    }
}

@Suite("Claims of offset stores, each of them", .timeLimit(.minutes(10)))
struct OffsetClaimTests {
    @Test("what is owned is not given away, and the error names the owner", arguments: StoreKind.allCases)
    func owned(kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.claim(.of("orders"))
            let error = await connectorError { _ = try await store.claim(.of("orders")) }
            #expect(error?.code == .retryable)
            #expect(error?.message.contains("epoch 1 claimed orders") == true)
        }
    }

    @Test(
        "a claim of all and a claim of one exclude each other; two of different ones do not",
        arguments: StoreKind.allCases
    )
    func exclusion(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let a = try await store.claim(.of("orders", "a"))
            let b = try await store.claim(.of("orders", "b"))
            #expect(await code { _ = try await store.claim(.of("orders", "a")) } == .retryable)
            #expect(await code { _ = try await store.claim(.of("orders")) } == .retryable)
            let all = try await store.claim(.of("orders", nil, .takeOver))
            for token in [a.token, b.token] {
                #expect(await code { try await store.renew(token) } == .fenced)
            }
            #expect(await code { _ = try await store.claim(.of("orders", "c")) } == .retryable)
            _ = try await store.claim(.of("orders", "c", .takeOver))
            #expect(await code { try await store.renew(all.token) } == .fenced)
        }
    }

    @Test("a claim of a partition is about that partition alone", arguments: StoreKind.allCases)
    func partition(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let a = try await store.claim(.of("orders", "a"))
            let b = try await store.claim(.of("orders", "b"))
            try await store.save(.at(1, in: "a"), under: a.token)
            try await store.save(.at(2, in: "b"), under: b.token)
            let foreign = await connectorError { try await store.save(.at(3, in: "b"), under: a.token) }
            #expect(foreign?.code == .fatal && foreign?.message.contains("\"b\"") == true)
            let removal = OffsetChanges(removed: [RecordPartition("b")])
            #expect(await code { try await store.save(removal, under: a.token) } == .fatal)
            try await store.release(b.token)
            #expect(try await store.claim(.of("orders", "b")).positions == [.at(2, in: "b")])
        }
    }

    @Test("a standby gets what is released, also by those who stand in its way in part", arguments: StoreKind.allCases)
    func standby(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let a = try await store.claim(.of("orders", "a"))
            let b = try await store.claim(.of("orders", "b"))
            async let standby = store.claim(.of("orders", nil, .wait))
            try await store.save(.at(5, in: "a"), under: a.token)
            try await store.release(a.token)
            try await store.save(.at(6, in: "b"), under: b.token)
            try await store.release(b.token)
            #expect(try await standby.positions == [.at(5, in: "a"), .at(6, in: "b")])
        }
    }

    @Test("S24: a standby that is cancelled stops waiting, and owns nothing", arguments: StoreKind.allCases)
    func cancelledStandby(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let owner = try await store.claim(.of("orders"))
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await store.claim(.of("orders", nil, .wait))
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
            try await store.renew(owner.token)
            try await store.release(owner.token)
            #expect(try await store.claim(.of("orders")).token.epoch == Epoch(2))
        }
    }

    @Test("many at once: each save is there, none is mixed", arguments: StoreKind.allCases)
    func concurrency(kind: StoreKind) async throws {
        try await kind.withStore { store in
            let names = (0..<20).map { "c\($0)" }
            await withTaskGroup(of: Void.self) { group in
                for name in names {
                    group.addTask {
                        do {
                            let claim = try await store.claim(.of(name))
                            for offset in 1...10 { try await store.save(.at(Int64(offset)), under: claim.token) }
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
            for name in names {
                let claim = try await store.claim(.of(name, nil, .takeOver))
                #expect(claim.positions == [.at(10)])
            }
        }
    }
}
