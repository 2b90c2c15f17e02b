// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnectFiles
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Kills the built `file-connector` again and again, over 200 000 lines: its output is its input.
@Suite(.serialized) struct FileConnectorCrashTests {
    private static let lineCount = 200_000

    private func harness(_ command: ProcessCommand, output: String) -> CrashHarness {
        var harness = CrashHarness(command, outputs: [output], kills: CrashSettings.kills, seed: CrashSettings.seed)
        // Beside all the other tests each run takes ten times as long.
        harness.timeLimit = .seconds(1200)
        return harness
    }

    private func expectEnough(_ report: CrashReport, _ name: String) {
        print("\(name): \(report)")
        #expect(report.kills >= CrashSettings.kills)
        #expect(report.lastExit == .exited(0))
    }

    /// - Parameter inputs: how many lines each has.
    @Test(arguments: [[lineCount], [lineCount / 2, lineCount / 4, lineCount / 4]])
    func copiesLines(inputs: [Int]) async throws {
        try await withCrashDirectory { directory in
            let names = inputs.indices.map { directory["in\($0)"] }
            for (index, count) in inputs.enumerated() {
                try directory.write(numberedLines(count, of: "in\(index)"), to: "in\(index)")
            }
            let (output, state) = (directory["out"], directory["state"])
            let command = try Executable.run(
                names,
                to: output,
                state: state,
                ["--commit-interval", "2ms", "--batch", "100"]
            )
            let scenario = CrashScenario {
                try remove([output])
                try removeState(state)
            } verify: {
                let check = try OutputCheck(output: output, inputs: names)
                #expect(check.isExact, "\(check), seed \(CrashSettings.seed)")
            }
            expectEnough(try await harness(command, output: output).run(scenario), "lines of \(inputs.count)")
        }
    }

    @Test(arguments: [[], ["--bypass-cache"]])
    func copiesCloudEvents(options: [String]) async throws {
        try await withCrashDirectory { directory in
            let input = directory["in"]
            try directory.write(numberedLines(Self.lineCount, of: "in"), to: "in")
            let (output, state) = (directory["out"], directory["state"])
            let command = try Executable.run(
                [input],
                to: output,
                state: state,
                options + ["--format", "cloudevents", "--commit-interval", "5ms"]
            )
            let scenario = CrashScenario {
                try remove([output])
                try removeState(state)
            } verify: {
                let events = EventLines()
                let check = try OutputCheck(output: output, inputs: [input]) { events.payload(of: $0) }
                #expect(check.isExact, "\(check), seed \(CrashSettings.seed)")
                #expect(events.identifiers.count == Self.lineCount)
                #expect(events.subjects.count == Self.lineCount)
                try expectEvents(events.samples, tell: try FileSystem.contents(of: input), of: input)
            }
            expectEnough(try await harness(command, output: output).run(scenario), "cloudevents")
        }
    }

    /// Killed before anything is committed, and rotated before it is started again.
    @Test func remembersWhatItHadBegun() async throws {
        try await withCrashDirectory { directory in
            try directory.write(numberedLines(Self.lineCount, of: "in"), to: "in")
            let (output, state) = (directory["out"], directory["state"])
            let run = try Executable.run([directory["in"]], to: output, state: state, ["--commit-interval", "1h"])
            try await withChildProcess(run.with(arguments: run.arguments + ["--follow"])) { child in
                try await eventually("output") { size(of: output) > 0 }
                child.send(SIGKILL)
                #expect(await child.wait() == .signalled(SIGKILL))
            }
            try directory.rename("in", to: "in.1")
            try directory.write("new\n", to: "in")
            #expect(try await run.run().exit == .exited(0))
            let check = try OutputCheck(output: output, inputs: [directory["in.1"], directory["in"]])
            #expect(check.isExact, "\(check)")
        }
    }

    /// Reads some of the events whole, and looks into the input for what they say.
    private func expectEvents(_ samples: [[UInt8]], tell input: [UInt8], of path: String) throws {
        #expect(samples.count > 1000)
        for sample in samples {
            let event = try JSONEventFormat().decode(SharedBytes(sample))
            let offset = try #require(event.subject.flatMap { Int($0) })
            let line = input[offset...].prefix { $0 != 0x0A }
            #expect(event.data.text == String(decoding: line, as: UTF8.self))
            #expect(offset == 0 || input[offset - 1] == 0x0A)
            #expect("\(event.source)" == "file://\(path)")
            #expect(event.type == "org.openconnect.file.line")
        }
    }

    @Test(arguments: [Rotation.none, .rename, .copyAndTruncate])
    func follows(rotation: Rotation) async throws {
        try await withCrashDirectory { directory in
            let feed = try RotatingFeed(directory, rotation, lines: Self.lineCount)
            let (output, state) = (directory["out"], directory["state"])
            let once = try Executable.run([feed.path], to: output, state: state)
            let command = once.with(arguments: once.arguments + ["--follow", "--commit-interval", "5ms"])
            var scenario = CrashScenario {
                try remove([output])
                try removeState(state)
                try feed.restart()
                // A file that was rotated away before anything of it was committed is unknown to whoever starts then.
                #expect(try await once.run().exit == .exited(0))
            } verify: {
                let check = try OutputCheck(output: output, inputs: [feed.wholePath])
                #expect(check.isExact, "\(check), \(feed.rotations) rotations, seed \(CrashSettings.seed)")
            }
            scenario.beforeRun = { _ in try feed.addWhileNobodyReads() }
            scenario.whileRunning = { _ in try feed.add() }
            scenario.isDone = { feed.isDone && size(of: output) == feed.size }
            var harness = harness(command, output: output)
            harness.timeLimit = .seconds(180 + CrashSettings.kills)
            do {
                let report = try await harness.run(scenario)
                expectEnough(report, "follow, rotation \(rotation), \(feed.rotations) times")
            } catch let error as CrashTestError where error.code == .timeLimit {
                let check = try OutputCheck(output: output, inputs: [feed.wholePath])
                throw CrashTestProblem(description: "\(error); the output has \(check)")
            }
        }
    }
}

/// What the output in the format of CloudEvents says beside the lines, taken out of the text because that is faster than
/// reading all of it.
private final class EventLines {
    var identifiers: Set<String> = []
    var subjects: Set<String> = []
    var samples: [[UInt8]] = []
    private var count = 0

    /// Where the line is in the text of an event. The names and values are strings without quotes: seven pairs, of which
    /// the second is the identifier, the fifth the subject, and the last the data.
    func payload(of line: UnsafeRawBufferPointer) -> Range<Int>? {
        count += 1
        if count % 101 == 1 { samples.append(Array(line)) }
        let strings = strings(in: line)
        guard strings.count == 14 else { return nil }
        identifiers.insert(String(decoding: line[strings[3]], as: UTF8.self))
        subjects.insert(String(decoding: line[strings[9]], as: UTF8.self))
        return strings[13]
    }

    private func strings(in line: UnsafeRawBufferPointer) -> [Range<Int>] {
        guard let base = line.baseAddress else { return [] }
        var strings: [Range<Int>] = []
        var start: Int?
        var offset = 0
        while let quote = memchr(base + offset, 0x22, line.count - offset) {
            let found = UnsafeRawPointer(quote) - base
            offset = found + 1
            if let first = start { strings.append(first..<found) }
            start = start == nil ? offset : nil
        }
        return strings
    }
}
