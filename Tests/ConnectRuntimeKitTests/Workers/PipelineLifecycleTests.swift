// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Pipeline: life of a run", .timeLimit(.minutes(1)))
struct PipelineLifecycleTests {
    private let journal = Journal()
    private let store = InMemoryOffsetStore()

    @Test("G11 S44: a stop while a poll is suspended cancels it, commits what was delivered and returns")
    func stopWhileWaiting() async throws {
        let polled = Gate()
        let script = Script([SourceBatch(records(1...3))]) {
            polled.open()
            try await Task.sleep(for: .seconds(3600))
            return .end
        }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(journal: journal),
            offsets: store
        )
        async let counts = pipeline.run()
        try await polled.pass()
        pipeline.stop()
        #expect(try await counts.delivered == 3)
        #expect(try await store.stored("p").first?.position.offset == RecordOffset(3))
        #expect(journal.entries.suffix(2) == ["source.stop", "sink.stop"])
    }
}
