// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Observation: events", .timeLimit(.minutes(10)))
struct RuntimeEventTests {
    private let journal = Journal()
    private let log = EventLog()

    @Test("the states of a run are told in their order, each once, and a failure with its error")
    func states() async throws {
        let isBroken = EventLog()
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(
                journal: journal,
                onStart: { _ in if isBroken.isEmpty { throw ConnectorError(.fatal, "broken") } }
            ),
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            observer: .events { log.note($0) }
        )
        #expect(pipeline.status.state == .created)
        #expect(await failure(of: pipeline)?.message == "broken")
        #expect(pipeline.status.state == .failed)
        isBroken.note(RuntimeEvent(.connectorMessage, of: "p", .info, "repaired"))
        try await pipeline.run()
        let states = log.events.filter { $0.kind == .pipelineState }
        let expected: [PipelineState] = [.starting, .draining, .failed, .starting, .running, .draining, .stopped]
        #expect(states.compactMap(\.state) == expected)
        #expect(states.filter { $0.error != nil }.map(\.state) == [.failed])
        #expect(states.filter { $0.level == .error }.map(\.state) == [.failed])
    }

    @Test(
        "what fails while a stop drains is a warning; that a stop cuts a poll short is none",
        arguments: [true, false]
    )
    func drain(isBroken: Bool) async throws {
        let (idle, written) = (Gate(), Gate())
        let script = Script([SourceBatch(records(1...1))]) {
            try await idle.pass()
            return .end
        }
        var options = DeliveryOptions()
        options.commitInterval = .seconds(3600)
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(
                journal: journal,
                onPut: { _ in
                    written.open()
                    return .delivered
                },
                onFlush: { if isBroken { throw ConnectorError(.fatal, "fsync failed") } }
            ),
            offsets: InMemoryOffsetStore(),
            options: options,
            observer: .events { log.note($0) }
        )
        async let failed = failure(of: pipeline)
        await idle.arrivals()
        try await written.pass()
        pipeline.stop()
        let problem = isBroken ? "fsync failed" : nil
        #expect(await failed?.message == problem)
        let last = log.events.last { $0.kind == .pipelineState }
        #expect(last?.state == .stopped && last?.level == (isBroken ? .warning : .info))
        #expect((last?.error as? ConnectorError)?.message == problem)
    }

    @Test("what a connector says is told with its name")
    func messages() async throws {
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onStart: { $0.emit(ConnectorEvent(.info, "I read")) }),
            to: ScriptedSink(
                journal: journal,
                onStart: { $0.emit(ConnectorEvent(.warning, "I write", attributes: ["to": "a"])) }
            ),
            offsets: InMemoryOffsetStore(),
            observer: .events { log.note($0) }
        )
        try await pipeline.run()
        let messages = log.events.filter { $0.kind == .connectorMessage }
        #expect(
            messages.map { "\($0.pipeline) \($0.connector ?? "-") \($0.level) \($0.message)" } == [
                "p sink warning I write", "p source info I read",
            ]
        )
        #expect(messages[0].attributes == ["to": "a"])
    }

    @Test("an observer without interest in events is told none")
    func disinterested() async throws {
        struct Deaf: RuntimeObserver {
            let log: EventLog
            var interests: ObserverInterests { .durations }
            func observe(_ event: RuntimeEvent) { log.note(event) }
        }
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onStart: { $0.emit(ConnectorEvent(.info, "I read")) }),
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            observer: Deaf(log: log)
        )
        try await pipeline.run()
        #expect(log.isEmpty)
    }

    @Test("records that were given up are told of once they are in the dead letters, with the reason")
    func deadLetters() async throws {
        var options = DeliveryOptions()
        options.onError = .deadLetter
        let script = Script([SourceBatch(records(1...3))])
        let letters = InMemoryDeadLetterStore()
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            to: ScriptedSink(
                journal: journal,
                onPut: { batch in
                    .verdicts([1: .reject(ConnectorError(.invalidRecord, "no"))])
                }
            ),
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(letters),
            options: options,
            observer: .events { log.note($0) }
        )
        try await pipeline.run()
        let event = try #require(log.first(.recordsDeadLettered))
        #expect(event.records == 1 && event.connector == "sink" && event.attributes["code"] == "invalidRecord")
        #expect((event.error as? ConnectorError)?.message == "no")
    }

    @Test("the samples name every metric that has a value, with the labels of the documentation")
    func samples() async throws {
        let script = Script([SourceBatch(records(1...3))])
        let pipeline = Pipeline(
            "p",
            from: ScriptedSource(journal: journal, onPoll: { _ in try await script.next() }),
            through: [.map { $0 }],
            to: [NamedSink("a", ScriptedSink(journal: journal)), NamedSink("b", ScriptedSink(journal: journal))],
            offsets: InMemoryOffsetStore(),
            observer: Measuring()
        )
        try await pipeline.run()
        let metrics = RuntimeMetrics(time: .now, pipelines: [pipeline.metrics])
        let names = Set(metrics.samples.map(\.metric.name))
        let missing = Set(MetricSample.Metric.all.map(\.name)).subtracting(names)
        #expect(
            missing == [
                "openconnect_lag", "openconnect_call_retries_total", "openconnect_rate_limited_seconds_total",
            ]
        )
        for sample in metrics.samples {
            #expect(sample.labels["pipeline"] == "p" && (sample.number == nil) == (sample.metric.kind == .histogram))
        }
        let states = metrics.samples.filter { $0.metric == .state }
        #expect(states.count == 8 && states.first { $0.number == 1 }?.labels["state"] == "stopped")
        let accepted = metrics.samples.filter { $0.metric == .accepted }
        #expect(accepted.map { $0.labels["sink"] } == ["a", "b"] && accepted.map(\.number) == [3, 3])
    }
}

private struct Measuring: RuntimeObserver {
    func observe(_ event: RuntimeEvent) {}
}
