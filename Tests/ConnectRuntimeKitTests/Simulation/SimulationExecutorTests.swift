// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

@Suite("Simulation: executor and clock")
struct SimulationExecutorTests {
    private actor Log {
        private(set) var entries: [String] = []
        func note(_ entry: String) async {
            entries.append("\(entry) begins")
            await Task.yield()
            entries.append("\(entry) ends")
        }
    }

    /// What a handful of tasks do in actors, task groups, streams and `@concurrent` functions.
    private static func trace(seed: UInt64) -> [String] {
        let executor = SimulationExecutor(seed: seed)
        let journal = Journal()
        let isDone = executor.run {
            let log = Log()
            let (stream, continuation) = AsyncStream<Int>.makeStream()
            await withDiscardingTaskGroup { group in
                for number in 0..<3 { group.addTask { await elsewhere(log, "\(number)", executor.clock) } }
                group.addTask { for await number in stream { await log.note("stream \(number)") } }
                continuation.yield(1)
                continuation.finish()
            }
            for entry in await log.entries { journal.note(entry) }
        }
        #expect(isDone)
        return journal.entries
    }

    @concurrent
    private static func elsewhere(_ log: Log, _ name: String, _ clock: SimulationClock) async {
        await log.note(name)
        try? await clock.sleep(for: .seconds(1))
        await log.note(name)
    }

    @Test("the same seed has the same order, and other seeds have others")
    func order() {
        let traces = (UInt64(0)..<20).map { Self.trace(seed: $0) }
        #expect(traces == (UInt64(0)..<20).map { Self.trace(seed: $0) })
        #expect(Set(traces).count > 10)
    }

    @Test("sleepers wake in the order of their deadlines, and an hour takes no time")
    func sleeping() {
        let executor = SimulationExecutor(seed: 1)
        let woken = Journal()
        let isDone = executor.run {
            await withDiscardingTaskGroup { group in
                for hours in [3, 1, 2] {
                    group.addTask {
                        try? await executor.clock.sleep(for: .seconds(3600 * hours))
                        woken.note("\(hours)")
                    }
                }
            }
        }
        #expect(isDone)
        #expect(woken.entries == ["1", "2", "3"])
        #expect(executor.clock.elapsed == .seconds(3 * 3600))
    }

    @Test("a cancelled sleep ends at once")
    func cancelling() {
        let executor = SimulationExecutor(seed: 1)
        let errors = Journal()
        let isDone = executor.run {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do { try await executor.clock.sleep(for: .seconds(3600)) } catch { errors.note("\(error)") }
                }
                await Task.yield()
                group.cancelAll()
            }
        }
        #expect(isDone)
        #expect(errors.entries == ["CancellationError()"])
        #expect(executor.clock.elapsed == .zero)
    }

    @Test("what hangs is told, and can be let go")
    func stalling() {
        let executor = SimulationExecutor(seed: 1)
        let gate = Gate()
        let stalls = Journal()
        let isDone = executor.run(
            onStall: {
                stalls.note("stall")
                gate.open()
                return true
            },
            { try? await gate.pass() }
        )
        #expect(isDone)
        #expect(stalls.entries == ["stall"])
        #expect(!SimulationExecutor(seed: 1).run { await Gate().passIgnoringCancellation() })
    }
}
