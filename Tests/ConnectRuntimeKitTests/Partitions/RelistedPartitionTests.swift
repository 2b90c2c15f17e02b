// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: partitions that are listed again", .timeLimit(.minutes(10)))
struct RelistedPartitionTests {
    private let output = ShardOutput()

    private func entries(_ shard: String, _ range: Range<Int>) -> [String] { range.map { "\(shard)\($0)" } }

    @Test(
        "G2 S68: a partition that was revoked goes on where it is committed, not where it was read to",
        arguments: [nil, 14] as [Int64?]
    )
    func revoked(othersOffset: Int64?) async throws {
        let isPolled = Gate()
        let log = ShardedLog(["a": entries("a", 0..<10)], isFinal: false, isClosed: false) { _, _, poll in
            if poll == 2 { isPolled.open() }
        }
        output.refused = "a"
        let store = InMemoryOffsetStore()
        var options = DeliveryOptions()
        options.retry = .forever
        options.drainDeadline = .seconds(1)
        let clock = ManualClock()
        let pipeline = Pipeline(
            "p",
            from: ShardedSource(log: log, traits: SourceTraits(hasDynamicPartitions: true)),
            to: ShardSink(output: output),
            offsets: store,
            options: options,
            clock: clock.connectorClock
        )
        let counts = try await clock.ticking(by: .milliseconds(20)) {
            async let counts = pipeline.run()
            try await isPolled.pass()
            log.list([])
            let other = try await store.claim(.of("p", "a", .wait))
            if let othersOffset { try await store.save(.at(othersOffset, in: "a"), under: other.token) }
            try await store.release(other.token)
            output.refused = nil
            log.append(entries("a", 10..<20), to: "a", isClosed: true)
            log.list(["a"], isFinal: true)
            return try await counts
        }
        let first = othersOffset.map { Int($0) + 1 } ?? 0
        #expect(output["a"] == entries("a", first..<20))
        #expect(counts.isBalanced && counts.lost == 10 && counts.delivered == 20 - first)
    }
}
