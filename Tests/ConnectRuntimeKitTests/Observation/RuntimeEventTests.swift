// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Observation: events", .timeLimit(.minutes(1)))
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
}
