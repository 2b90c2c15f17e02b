// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import ServiceIntegration
import Synchronization
import Testing

/// The command line of a connector, with the server beside its pipelines.
@Suite(.serialized) struct ConnectorApplicationTests {
    @Test(.timeLimit(.minutes(10))) func aServerRunsBesideThePipelines() async throws {
        let answers = Mutex<[String]>([])
        let asked: @Sendable (ListenAddress) async -> Void = { address in
            await HeldSink.gate.arrivals()
            let answer = try? await Answer("http://\(address)/metrics")
            answers.withLock { $0.append(answer?.body ?? "none") }
            HeldSink.gate.open()
        }
        let metrics = PrometheusMetrics()
        let application = ConnectorApplication(
            name: "ticks",
            version: "1.0.0",
            observer: MetricsObserver(factory: metrics)
        ) { registry in
            registry.register(HeldSink.self)
        } beside: { runtime in
            let server = OperationsServer(runtime, on: ListenAddress(port: 0), metrics: metrics, onListening: asked)
            try await server.run()
        }
        try await withTemporaryDirectory { directory in
            try directory.write(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "ticks": {
                    "source": { "type": "generator", "count": 3 }, "sinks": [ { "type": "held" } ] } } }
                """,
                to: "ticks.json"
            )
            let status = await application.run(["run", "--config", directory["ticks.json"]])
            // The pipeline came to its end, and with it the server.
            #expect(status == .done)
        }
        let running = "openconnect_pipeline_state{pipeline=\"ticks\",state=\"running\"} 1\n"
        #expect(answers.withLock { $0.map { $0.contains(running) } } == [true])
    }
}

/// Holds records back until a test lets them pass.
private struct HeldSink: Sink, ConfigurableConnector {
    static let type = "held"
    static let summary = "Holds records back."
    static let settings = SettingGroup()
    static let gate = Gate()

    init(_ values: SettingValues) throws {}

    func put(_ batch: RecordBatch) async throws -> PutResult {
        await Self.gate.passIgnoringCancellation()
        return .delivered
    }

    func flush() async throws {}
}
