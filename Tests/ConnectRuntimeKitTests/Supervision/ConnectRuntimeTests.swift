// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@Suite("Runtime: many pipelines in one process", .timeLimit(.minutes(10)))
struct ConnectRuntimeTests {
    private let store = InMemoryOffsetStore()
    private let log = ObservedEvents()
    private let clock = ManualClock()

    private func bounded(_ name: String, _ output: Output, count: Int = 10) -> Pipeline {
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                output.append(batch)
                return .delivered
            }
        )
        return Pipeline(name, from: LogSource([.init(name, count: count)]), to: sink, offsets: store)
    }

    /// Commands wait for as long as a machine may take that does much else.
    private static let patient: DeliveryOptions = {
        var options = DeliveryOptions()
        options.drainDeadline = .seconds(500)
        return options
    }()

    private func pipeline(
        _ name: String,
        _ source: @autoclosure @escaping @Sendable () -> any Source = endlessSource(),
        _ sink: @autoclosure @escaping @Sendable () -> any Sink = CountingSink(),
        _ options: DeliveryOptions = Self.patient
    ) -> Pipeline {
        Pipeline(name, from: source(), to: sink(), offsets: store, options: options)
    }

    @Test("it runs until every pipeline has come to its end")
    func runsToTheEnd() async throws {
        let outputs = (0..<5).map { _ in Output() }
        let runtime = try ConnectRuntime(
            outputs.enumerated().map { bounded("p\($0)", $1) },
            observer: log
        )
        try await runtime.run()
        for (index, output) in outputs.enumerated() {
            #expect(output.rows == (0..<10).map { "p\(index)\($0)" })
            #expect(log.states(of: "p\(index)") == [.starting, .running, .draining, .stopped])
        }
        #expect(runtime.health.level == .healthy)
    }

    @Test("G9 a pipeline that fails is told at the end, and ends no other")
    func isolation() async throws {
        let output = Output()
        let bad = pipeline(
            "bad",
            ScriptedSource(journal: Journal(), onStart: { _ in throw ConnectorError(.fatal, "boom") })
        )
        var options = RuntimeOptions()
        options.restart = .never
        let runtime = try ConnectRuntime([bad, bounded("good", output, count: 500)], options: options, observer: log)
        let error = await #expect(throws: ConnectorError.self) { try await runtime.run() }
        #expect(error?.message == "1 of 2 pipelines failed: \"bad\": boom")
        #expect(output.count == 500)
        #expect(runtime.health.level == .unhealthy)
        #expect(runtime.health.problems == ["the pipeline \"bad\" has failed: boom"])
    }

    @Test("S99 a pipeline that failed is run again with new connectors, after the delays of its policy, and goes on")
    func restarts() async throws {
        let made = Mutex(0)
        let output = Output()
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 12)], batch: 4),
            to: {
                let number = made.withLock { made in
                    made += 1
                    return made
                }
                return ScriptedSink(
                    journal: Journal(),
                    onPut: { batch in
                        if output.count >= 4 * number, number < 3 { throw ConnectorError(.fatal, "broken \(number)") }
                        output.append(batch)
                        return .delivered
                    }
                )
            }(),
            offsets: store
        )
        var options = RuntimeOptions()
        options.restart = RestartPolicy(firstDelay: .seconds(10), maxDelay: .seconds(100))
        let runtime = try ConnectRuntime(
            [pipeline],
            options: options,
            observer: log,
            clock: clock.connectorClock,
            randomness: .longest
        )
        try await clock.ticking(by: .seconds(1)) { try await runtime.run() }
        #expect(output.rows == (0..<12).map { "a\($0)" }, "from the committed positions")
        #expect(log.events(.pipelineRestart).map(\.delay) == [.seconds(10), .seconds(20)])
        #expect(log.events(.pipelineRestart).map(\.attempt) == [1, 2])
        #expect(log.states(of: "p").filter { $0 == .failed }.count == 2)
        let health = try runtime.health(of: "p")
        #expect(health.restarts == 2 && made.withLock { $0 } == 3)
    }

    @Test("a member of a group that was fenced off for one partition goes on with those that it has")
    func fencedMember() async throws {
        let group = ConsumerGroup([["a", "b"], ["c"]])
        group.rebalance([0: 1, 1: 1])
        group.close()
        let output = Output()
        let isFenced = Mutex(true)
        let pipeline = Pipeline(
            "p",
            from: ConsumerGroup.Member(1, of: group),
            to: ScriptedSink(
                journal: Journal(),
                onPut: { batch in
                    let isFirst = isFenced.withLock { isFenced in
                        defer { isFenced = false }
                        return isFenced
                    }
                    if isFirst { throw ConnectorError(.fenced, "another member has moved the position of 0") }
                    output.append(batch)
                    return .delivered
                }
            )
        )
        let runtime = try ConnectRuntime([pipeline], observer: log, clock: clock.connectorClock, randomness: .longest)
        try await clock.ticking(by: .seconds(1)) { try await runtime.run() }
        #expect(Set(output.rows) == ["a", "b", "c"] && log.events(.pipelineRestart).count == 1)
    }

    @Test("pause, resume, restart and stop one of several, while the others work")
    func commands() async throws {
        let made = Mutex(0)
        let runtime = try ConnectRuntime(
            [
                pipeline(
                    "a",
                    {
                        made.withLock { $0 += 1 }
                        return endlessSource()
                    }()
                ), pipeline("b"),
            ],
            observer: log
        )
        try await runtime.whileRunning { runtime in
            try await runtime.resume("a")
            try await runtime.pause("a")
            let atRest = try runtime.health(of: "a").status
            #expect(atRest.state == .paused && atRest.counts.inFlight == 0)
            #expect(atRest.counts.committed == atRest.counts.polled)
            let before = try runtime.health(of: "b").status.counts.delivered
            while try runtime.health(of: "b").status.counts.delivered < before + 10 { await Task.yield() }
            #expect(try runtime.health(of: "a").status.counts == atRest.counts)
            try await runtime.resume("a")
            try await runtime.restart("a")
            #expect(made.withLock { $0 } == 2)
            try await runtime.stop("a")
            #expect(try runtime.health(of: "a").status.state == .stopped)
            try await runtime.stop("a")
            try await runtime.resume("a")
            #expect(made.withLock { $0 } == 3)
            #expect(runtime.health.level == .healthy)
        }
        #expect(log.states(of: "a").contains(.paused))
    }

    @Test("S36 a stop during a slow start, and a pause that comes before the start is done, are obeyed")
    func duringStart() async throws {
        let (mayStart, polls) = (Gate(), Journal())
        let slow = pipeline(
            "slow",
            ScriptedSource(
                journal: Journal(),
                onStart: { _ in try await mayStart.pass() },
                onPoll: { _ in
                    polls.note("poll")
                    try await Gate().pass()
                    return .end
                }
            )
        )
        let runtime = try ConnectRuntime([slow])
        try await runtime.whileRunning { runtime in
            await mayStart.arrivals(1)
            async let pause: Void = runtime.pause("slow")
            // The gate is cancelled by nothing: the start ends when it is opened, and not before.
            for _ in 0..<100 { await Task.yield() }
            mayStart.open()
            try await pause
            #expect(polls.entries.isEmpty)
            #expect(try runtime.health(of: "slow").status.state == .paused)
        }
        #expect(polls.entries.isEmpty)
    }

    @Test("from the request to stop on it is not ready, however healthy")
    func readiness() async throws {
        let (put, output) = (Gate(), Output())
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                try await put.pass()
                output.append(batch)
                return .delivered
            }
        )
        let runtime = try ConnectRuntime([pipeline("p", endlessSource(), sink)])
        async let end: Void = runtime.run()
        await put.arrivals(1)
        #expect(runtime.health.isReady && !runtime.health.isStopping)
        runtime.stop()
        #expect(runtime.health.level == .healthy && runtime.health.isStopping && !runtime.health.isReady)
        put.open()
        try await end
        #expect(!runtime.health.isReady && output.count > 0)
    }

    @Test("S88 only those that have failed are restarted; an unknown name is an error that says which there are")
    func restartFailed() async throws {
        let fails = Mutex(true)
        let flaky = pipeline(
            "flaky",
            ScriptedSource(
                journal: Journal(),
                onStart: { _ in if fails.withLock({ $0 }) { throw ConnectorError(.fatal, "no") } },
                onPoll: { _ in
                    try await Gate().pass()
                    return .end
                }
            )
        )
        var options = RuntimeOptions()
        options.restart = .never
        let runtime = try ConnectRuntime([flaky, pipeline("fine", IdleSource())], options: options)
        try await runtime.whileRunning { runtime in
            try await runtime.reach(.failed, "flaky")
            try await runtime.reach(.running, "fine")
            await #expect(throws: ConnectorError.self) { try await runtime.pause("flaky") }
            await #expect(throws: ConnectorError.self) { try await runtime.restartFailed() }
            fails.withLock { $0 = false }
            #expect(try await runtime.restartFailed() == ["flaky"])
            #expect(try await runtime.restartFailed() == [])
            let error = await #expect(throws: ConnectorError.self) { try await runtime.stop("other") }
            #expect(error?.message == "there is no pipeline \"other\"; there are: \"flaky\", \"fine\"")
        }
    }

    @Test("pipelines come and go while the runtime runs")
    func comeAndGo() async throws {
        var options = RuntimeOptions()
        options.staysWithoutWork = true
        let runtime = try ConnectRuntime(options: options, observer: log)
        let output = Output()
        try await runtime.whileRunning { runtime in
            try runtime.add(bounded("a", output))
            try runtime.add(pipeline("b", IdleSource()), as: .paused)
            #expect(throws: ConnectorError.self) { try runtime.add(pipeline("b")) }
            try await runtime.reach(.stopped, "a")
            try await runtime.remove("a")
            #expect(runtime.names == ["b"])
            try runtime.add(bounded("a", output))
            try await runtime.reach(.stopped, "a")
            try await runtime.resume("b")
        }
        #expect(output.count == 10, "the second run went on behind the first")
    }

    @Test("the observer gets the metrics of all pipelines at each interval, and once more at the end")
    func metrics() async throws {
        let seen = MetricsLog()
        let (output, clock) = (Output(), clock)
        var options = RuntimeOptions()
        options.metricsInterval = .seconds(10)
        options.staysWithoutWork = true
        let runtime = try ConnectRuntime(
            [bounded("a", output, count: 7), pipeline("b", IdleSource())],
            options: options,
            observer: seen,
            clock: clock.connectorClock
        )
        try await runtime.whileRunning { runtime in
            try await runtime.reach(.stopped, "a")
            try await runtime.reach(.running, "b")
            for count in 1...3 {
                await clock.sleepers(atLeast: 2)
                clock.advance(by: .seconds(10))
                while seen.metrics.count < count { await Task.yield() }
            }
        }
        #expect(seen.metrics.count == 4)
        let last = seen.metrics.last?.pipelines ?? []
        #expect(last.map(\.pipeline) == ["a", "b"] && last.map(\.counts.delivered) == [7, 0])
        #expect(last.allSatisfy { $0.state == .stopped })
    }

    @Test("cancelling it cancels every pipeline")
    func cancelled() async throws {
        let runtime = try ConnectRuntime([pipeline("a"), pipeline("b", IdleSource())])
        let error = await withTaskGroup(of: ConnectorError?.self) { group in
            group.addTask {
                do {
                    try await runtime.run()
                    return nil
                } catch { return error as? ConnectorError }
            }
            for name in runtime.names { try? await runtime.reach(.running, name) }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error?.code == .cancelled)
        await #expect(throws: ConnectorError.self, "it runs once") { try await runtime.run() }
    }

    @Test("a stop that comes before the run ends it before a pipeline has begun")
    func stoppedBeforeItRuns() async throws {
        let runtime = try ConnectRuntime([pipeline("p")], observer: log)
        runtime.stop()
        try await runtime.run()
        #expect(log.states(of: "p") == [.stopped])
        #expect(try runtime.health(of: "p").status.state == .stopped)
        try await runtime.stop(within: .zero)
        await #expect(throws: ConnectorError.self, "it runs once") { try await runtime.run() }
    }
}

@Suite("Runtime: offsets of a pipeline", .timeLimit(.minutes(10)))
struct RuntimeOffsetTests {
    private let store = InMemoryOffsetStore()

    @Test("S94 S95 offsets are refused while a pipeline runs; edited while it is stopped, it goes on from them")
    func edits() async throws {
        let output = Output()
        let sink = ScriptedSink(
            journal: Journal(),
            onPut: { batch in
                output.append(batch)
                return .delivered
            }
        )
        let pipeline = Pipeline(
            "p",
            from: LogSource([.init("a", count: 5)], staysOpen: true),
            to: sink,
            offsets: store
        )
        let runtime = try ConnectRuntime([pipeline])
        try await runtime.whileRunning { runtime in
            while output.count < 5 { await Task.yield() }
            for body in [
                { () async throws in _ = try await runtime.offsets(of: "p") },
                { _ = try await runtime.editOffsets(of: "p", [RecordPartition("a"): RecordOffset(1)]) },
                { _ = try await runtime.resetOffsets(of: "p") },
            ] {
                let error = await #expect(throws: ConnectorError.self) { try await body() }
                #expect(error?.message.contains("stop it first") == true)
            }
            try await runtime.stop("p")
            #expect(try await runtime.offsets(of: "p").positions.map(\.position.offset) == [RecordOffset(4)])
            try await runtime.editOffsets(of: "p", [RecordPartition("a"): RecordOffset(2)])
            try await runtime.resume("p")
            while output.count < 7 { await Task.yield() }
            try await runtime.stop("p")
            try await runtime.resetOffsets(of: "p")
            try await runtime.resume("p")
            while output.count < 12 { await Task.yield() }
        }
        #expect(output.rows == ["a0", "a1", "a2", "a3", "a4", "a3", "a4", "a0", "a1", "a2", "a3", "a4"])
        await #expect(throws: ConnectorError.self) { try await runtime.offsets(of: "other") }
    }
}
