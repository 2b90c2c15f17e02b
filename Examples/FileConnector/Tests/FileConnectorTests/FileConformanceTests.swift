// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import FileConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("S101 S102 S103 S104 S105: files keep the contracts of source and sink", .timeLimit(.minutes(60)))
struct FileConformanceTests {
    /// For a machine that does something else besides.
    private static let limits = ConformanceLimits(call: .seconds(60), cancellation: .seconds(20), check: .seconds(600))

    @Test func `a file that is read once passes as a source`() async throws {
        try await expectConforming(applicable: [
            "source.resume", "source.replay", "source.end", "source.rejected", "source.settings",
        ]) {
            await SourceConformance("FileSource", limits: Self.limits) {
                try Self.source(of: 1, FileSource.Options(maxLineBytes: 200_000))
            }.run()
        }
    }

    @Test(arguments: [1, 2]) func `files that are followed pass as a source`(count: Int) async throws {
        try await expectConforming(applicable: ["source.resume", "source.idle", "source.more", "source.poll.cancelled"])
        {
            await SourceConformance("FileSource of \(count) that follows", limits: Self.limits) {
                try Self.source(
                    of: count,
                    FileSource.Options(follow: true, maxLineBytes: 200_000, pollInterval: .milliseconds(2))
                )
            }.run()
        }
    }

    @Test(arguments: [FileSink.Format.lines, .cloudEvents], [false, true])
    func `a file passes as a sink`(_ format: FileSink.Format, bypassCache: Bool) async throws {
        try await expectConforming(applicable: [
            "sink.flush", "sink.data", "sink.checkpoint", "sink.checkpoint.ahead", "sink.settings",
        ]) {
            await SinkConformance("FileSink of \(format)", limits: Self.limits) {
                let directory = try TemporaryDirectory()
                var subject = SinkSubject(
                    makeSink: { FileSink(path: directory["out"], format: format, bypassCache: bypassCache) },
                    durable: { try Self.items(in: directory, format) }
                )
                try subject.refuseWrongSettings(of: FileSink.self, besides: ["path": SettingInput(directory["out"])])
                if format == .lines { subject.badRecord = { ConnectorRecord("two\nlines") } }
                return subject
            }.run()
        }
    }

    /// Runs a suite as often as `CONFORMANCE_RUNS` says.
    private func expectConforming(
        applicable names: Set<String>,
        _ run: () async -> ConformanceReport
    ) async throws {
        let runs = getenv("CONFORMANCE_RUNS").flatMap { Int(String(cString: $0)) } ?? 1
        for _ in 0..<max(1, runs) {
            let report = await run()
            try report.check()
            for name in names { #expect(report[name]?.verdict == .passed) }
        }
    }

    private static func source(of count: Int, _ options: FileSource.Options) throws -> SourceSubject {
        let directory = try TemporaryDirectory()
        let names = (0..<count).map { "in\($0)" }
        for name in names { try directory.write("", to: name) }
        var subject = SourceSubject(
            partitionCount: count,
            makeSource: { FileSource(paths: names.map { directory[$0] }, options: options) },
            write: { items, file in try directory.append(items.map { $0 + "\n" }.joined(), to: names[file]) }
        )
        subject.growsWhileRead = options.follow
        try subject.refuseWrongSettings(of: FileSource.self, besides: ["path": "in0"])
        subject.wrongSettings["input"] = { FileSource(paths: []) }
        subject.writeBadInput = {
            try directory.append(String(repeating: "x", count: options.maxLineBytes + 1) + "\n", to: "in0")
        }
        return subject
    }

    private static func items(in directory: TemporaryDirectory, _ format: FileSink.Format) throws -> [String] {
        guard let text = try? directory.text(of: "out") else { return [] }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        guard format == .cloudEvents else { return lines }
        return try lines.map { try JSONEventFormat().decode(Array($0.utf8)).data.text ?? "" }
    }
}
