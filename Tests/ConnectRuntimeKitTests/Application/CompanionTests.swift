// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// What runs beside the pipelines of an application.
@Suite("A companion of a runtime", .timeLimit(.minutes(10)))
struct CompanionTests {
    private struct Broken: Error {}

    private func endless() -> Pipeline {
        Pipeline("endless", from: WaitingSource(), to: InMemorySink(InMemoryLog()), offsets: InMemoryOffsetStore())
    }

    /// Never has anything.
    private actor WaitingSource: Source {
        func poll(_ request: PollRequest) async throws -> SourceBatch {
            try await Task.sleep(for: .seconds(1_000_000))
            return SourceBatch()
        }
    }

    @Test("It is cancelled when the pipelines have come to their end")
    func cancelled() async throws {
        let runtime = try ConnectRuntime([
            Pipeline(
                "short",
                from: GeneratorSource(count: 3),
                to: InMemorySink(InMemoryLog()),
                offsets: InMemoryOffsetStore()
            )
        ])
        let hasSeen = Lock(false)
        try await runtime.run { runtime in
            #expect(runtime.names == ["short"])
            do { try await Task.sleep(for: .seconds(1_000_000)) } catch { hasSeen.withLock { $0 = true } }
        }
        #expect(hasSeen.withLock { $0 })
    }

    @Test("It may end before the pipelines do")
    func endsEarly() async throws {
        let runtime = try ConnectRuntime([endless()])
        try await runtime.run { runtime in runtime.stop() }
    }

    @Test("What it throws stops the pipelines, and is what the run fails with")
    func failing() async throws {
        let runtime = try ConnectRuntime([endless()])
        await #expect(throws: Broken.self) { try await runtime.run { _ in throw Broken() } }
        #expect(runtime.health.pipelines.allSatisfy { $0.status.state == .stopped })
    }

    @Test("A pipeline that fails for good is reported, not the cancelled companion")
    func failingPipeline() async throws {
        let failing = FaultySink(
            InMemorySink(InMemoryLog()),
            FaultScript(.put, [.fails(ConnectorError(.fatal, "broken"))])
        )
        let pipeline = Pipeline("bad", from: GeneratorSource(count: 3), to: failing, offsets: InMemoryOffsetStore())
        var options = RuntimeOptions()
        options.restart = .never
        let runtime = try ConnectRuntime([pipeline], options: options)
        await #expect(throws: ConnectorError.self) {
            try await runtime.run { _ in try await Task.sleep(for: .seconds(1_000_000)) }
        }
    }
}
