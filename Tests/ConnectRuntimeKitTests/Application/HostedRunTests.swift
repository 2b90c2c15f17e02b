// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Dispatch
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// What signals do to a run.
@Suite struct HostedRunTests {
    private struct Stopped: Error {}

    /// A run that does as it is told.
    private func hosted(
        deadline: Duration = .seconds(86_400),
        stop: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable () async throws -> Void
    ) -> HostedRun {
        var run = HostedRun(Pipeline("p", from: GeneratorSource(), to: InMemorySink(InMemoryLog())))
        run.run = body
        run.stop = stop
        run.deadline = deadline
        run.calls = { ["put of sink"] }
        return run
    }

    @Test func endsByItself() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        try await hosted {}.execute(
            signals,
            transcript.console,
            DiagnosticLines(transcript.console),
            showsProgress: false
        )
        #expect(transcript.diagnostics.isEmpty)
        continuation.finish()
    }

    @Test func theFirstSignalStops() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let (stopped, stop) = AsyncStream<Void>.makeStream()
        let run = hosted(stop: { stop.yield() }) { for await _ in stopped { return } }
        continuation.yield(15)
        try await run.execute(signals, transcript.console, DiagnosticLines(transcript.console), showsProgress: true)
        #expect(transcript.abandoned == nil)
    }

    @Test func theSecondSignalCancels() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let run = hosted {
            // Waits until it is cancelled, and tells so.
            let (never, _) = AsyncStream<Void>.makeStream()
            for await _ in never {}
            throw ConnectorError(.cancelled, "cut short")
        }
        continuation.yield(2)
        continuation.yield(2)
        let error = await #expect(throws: ConnectorError.self) {
            try await run.execute(
                signals,
                transcript.console,
                DiagnosticLines(transcript.console),
                showsProgress: false
            )
        }
        #expect(error?.message == "cut short")
        #expect(ApplicationStatus.of(error!) == .failed)
    }

    /// What ignores a stop is named, and the process ends: here, the run is let go when it would have.
    @Test func theDeadlineNamesWhatHangs() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let (hanging, letGo) = AsyncStream<Void>.makeStream()
        let console = ApplicationConsole(
            output: { _ in },
            diagnostics: transcript.console.diagnostics,
            abandon: { status in
                transcript.console.abandon(status)
                letGo.finish()
            }
        )
        let run = hosted(deadline: .milliseconds(-1999)) { for await _ in hanging {} }
        continuation.yield(15)
        try await run.execute(signals, console, DiagnosticLines(console), showsProgress: false)
        #expect(transcript.abandoned == .deadlinePassed)
        #expect(transcript.diagnostics.contains("this call does not return: put of sink"))
    }

    /// A signal may come while the process still begins.
    @Test(.timeLimit(.minutes(1))) func aStopBeforeThePipelineRunsIsKept() async throws {
        let store = InMemoryOffsetStore()
        let run = HostedRun(Pipeline("p", from: GeneratorSource(), to: InMemorySink(InMemoryLog()), offsets: store))
        run.stop()
        try await run.run()
        #expect(run.calls().isEmpty)
    }

    /// A companion that ignores that it is cancelled.
    @Test func theDeadlineSaysWhereEveryCallHasReturned() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let (hanging, letGo) = AsyncStream<Void>.makeStream()
        let console = ApplicationConsole(
            output: { _ in },
            diagnostics: transcript.console.diagnostics,
            abandon: { _ in letGo.finish() }
        )
        var run = HostedRun(try ConnectRuntime()) { _ in
            await Task { for await _ in hanging {} }.value
        }
        run.deadline = .milliseconds(-1999)
        continuation.yield(15)
        try await run.execute(signals, console, DiagnosticLines(console), showsProgress: false)
        #expect(
            transcript.diagnostics.contains(
                "and what runs beside the pipelines does not end although it is cancelled. Nothing is lost"
            ),
            "\(transcript.diagnostics)"
        )
    }

    /// Nobody reads what is written, so that whoever writes waits for ever: in the end, every thread that tasks share.
    @Test func theDeadlineEndsARunThatCannotWrite() async throws {
        let transcript = Transcript()
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let reading = DispatchSemaphore(value: 0)
        let console = ApplicationConsole(
            output: { _ in },
            diagnostics: { _ in
                continuation.yield(15)
                reading.wait()
                reading.signal()
            },
            abandon: { status in
                transcript.console.abandon(status)
                reading.signal()
            }
        )
        let lines = DiagnosticLines(console)
        let run = hosted(deadline: .milliseconds(-1999)) {
            await withTaskGroup { group in
                for _ in 0..<100 { group.addTask { lines.add("this is read by nobody") } }
            }
        }
        try await run.execute(signals, console, lines, showsProgress: true)
        #expect(transcript.abandoned == .deadlinePassed)
    }

    @Test func linesAndProgressShareATerminal() {
        let transcript = Transcript()
        let lines = DiagnosticLines(transcript.console)
        lines.show(progress: "1 record")
        lines.add("something happened")
        lines.endProgress()
        lines.add("the end")
        let erase = "\r\u{1B}[K"
        #expect(
            transcript.diagnostics
                == "\(erase)1 record\(erase)something happened\n1 record\(erase)the end\n"
        )
    }

    @Test(
        arguments: [
            (0, 0, Duration.zero, "0 records, 0.0 MB, 0 records/s, in 0.00 s"),
            (1000, 1_250_000, .milliseconds(2040), "1000 records, 1.2 MB, 490 records/s, in 2.04 s"),
        ]
    )
    func progressInWords(_ records: Int, _ bytes: Int, _ time: Duration, _ words: String) {
        var counts = DeliveryCounts()
        counts.delivered = records
        counts.deliveredBytes = bytes
        #expect(RunProgress(counts: counts, elapsed: time).summary == words)
    }
}
