// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import FileConnector

/// Outputs of this process where inputs are looked for.
@Suite(.timeLimit(.minutes(1))) struct OpenOutputTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func source(_ pipeline: String) async throws -> FileSource {
        let source = FileSource(paths: [directory["log"]], options: .init(follow: true))
        try await source.start(TestHost.context(pipeline: pipeline))
        // Where it begins.
        _ = try await source.poll(PollRequest(maxRecords: 10))
        return source
    }

    private func sink(_ name: String, _ pipeline: String) async throws -> FileSink {
        let sink = FileSink(path: directory[name], append: true)
        try await sink.start(TestHost.context(pipeline: pipeline))
        try await sink.restore(nil)
        return sink
    }

    @Test(arguments: [true, false])
    func `a pipeline does not read what it writes`(isSourceFirst: Bool) async throws {
        try directory.write("a\n", to: "log")
        let early = isSourceFirst ? try await source("loop") : nil
        let sink = try await sink("log", "loop")
        let late = try await source("loop")
        for source in [early, late].compactMap(\.self) {
            let error = await connectorError { _ = try await source.poll(PollRequest(maxRecords: 10)) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains(directory["log"]) == true, "\(error as Any)")
        }
        await sink.stop()
        #expect(try await late.poll(PollRequest(maxRecords: 10)).records.count == 1)
    }

    @Test func `a pipeline reads what another one writes`() async throws {
        let sink = try await sink("log", "first")
        #expect(try await sink.put(recordsOf(["a", "b"])).isDelivered)
        let source = try await source("second")
        #expect(try await source.poll(PollRequest(maxRecords: 10)).records.count == 2)
        await sink.stop()
    }

    @Test func `an output is no rotated file`() async throws {
        let directory = directory
        try directory.write("a\n", to: "log")
        let sink = try await sink("log.copy", "test")
        #expect(try await sink.put(recordsOf(["a"])).isDelivered)
        let other = try await self.sink("log.1", "other")
        #expect(try await other.put(recordsOf(["x"])).isDelivered)
        let reading = try await read(
            directory["log"],
            .init(follow: true),
            while: [
                {}, { try directory.rename("log", to: "log.2") }, { try directory.write("b\n", to: "log") }, {}, {},
            ]
        )
        #expect(reading.lines == ["a", "b"])
        await sink.stop()
        await other.stop()
    }
}
