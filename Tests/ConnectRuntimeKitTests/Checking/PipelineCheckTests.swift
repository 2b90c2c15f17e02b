// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// What a check says of who keeps positions is what a run does.
@Suite("Pipeline: check")
struct PipelineCheckTests {
    private let journal = Journal()

    @Test("S96: positions that a sink keeps need no offset store")
    func positionsOfASink() async throws {
        let source = GeneratorSource(count: 3)
        let pipeline = Pipeline("p", from: source, to: InMemoryTransactionalSink(InMemoryLog()))
        let check = try await pipeline.check()
        #expect(check.isPassed, "\(check.findings)")
        #expect(try await pipeline.run().delivered == 3)
    }

    @Test(
        "S96: positions that nobody keeps, and partitions claimed one by one into one checkpoint, are told",
        arguments: [false, true]
    )
    func claimsThatCannotBe(isDynamic: Bool) async throws {
        let traits = SourceTraits(hasDynamicPartitions: isDynamic)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, traits: traits),
            to: CutSink(output: CutOutput()),
            offsets: isDynamic ? InMemoryOffsetStore() : nil
        )
        let check = try await pipeline.check()
        let words = isDynamic ? "one checkpoint for all partitions" : "needs an offset store"
        #expect(!check.isPassed && check.findings[0].description.contains(words), "\(check.findings)")
        let error = await #expect(throws: ConnectorError.self) { try await pipeline.run() }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
