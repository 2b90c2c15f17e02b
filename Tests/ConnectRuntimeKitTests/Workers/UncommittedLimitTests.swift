// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import ConnectRuntimeKit

@Suite("Pipeline: the limit of what is uncommitted", .timeLimit(.minutes(10)))
struct UncommittedLimitTests {
    enum Limit: CaseIterable, Sendable { case time, bytes }

    private let clock = ManualClock()
    private let partition = RecordPartition("a")

    @Test("S69: polling goes on once all that was uncommitted for too long is lost", arguments: Limit.allCases)
    func lost(limit: Limit) async throws {
        let host = Mutex<ConnectorContext?>(nil)
        let isOver = Gate()
        let script = Script([SourceBatch(records(0...3, partition: partition))]) {
            try await isOver.pass()
            return .end
        }
        let source = ScriptedSource(
            journal: Journal(),
            traits: SourceTraits(positions: .upstream, hasDynamicPartitions: true),
            onStart: { [partition] context in
                host.withLock { $0 = context }
                _ = try await context.assigned([partition])
            },
            onPoll: { _ in try await script.next() }
        )
        let run = PipelineRun(pipeline(source, limit))
        async let counts = run.execute()
        while !isResting(run) {
            await Task.yield()
            clock.advance(by: .milliseconds(50))
        }
        try #require(host.withLock { $0 }).lost([partition])
        #expect(!isResting(run))
        isOver.open()
        run.stop.request()
        #expect(try await counts.lost == 4)
    }

    private func pipeline(_ source: ScriptedSource, _ limit: Limit) -> Pipeline {
        let refusing = ScriptedSink(journal: Journal(), onPut: { .stopped(at: 0, of: $0.count, .retry()) })
        return Pipeline(
            "p",
            from: source,
            to: refusing,
            options: .with {
                $0.retry = .forever
                $0.maxUncommittedTime = .seconds(1)
                if limit == .bytes { $0.maxUncommittedBytes = 1 }
            },
            clock: clock.connectorClock
        )
    }

    private func isResting(_ run: PipelineRun) -> Bool {
        run.state.withLock(\.handOver)?.step { state, _ in
            if case .rest = state.restStep { return true }
            return false
        } ?? false
    }
}
