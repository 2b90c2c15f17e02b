// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Logging
import OpenConnect
import ServiceIntegration
import Testing

/// Runs a server, and beside it the runtime, for as long as the closure runs.
func withOperationsServer(
    _ pipelines: [Pipeline],
    _ options: RuntimeOptions = .failingAtOnce,
    metrics: PrometheusMetrics = PrometheusMetrics(),
    redaction: SecretRedaction = SecretRedaction(),
    requestTimeout: Duration = .seconds(30),
    answerTimeout: Duration = .seconds(60),
    _ body: (ConnectRuntime, String) async throws -> Void
) async throws {
    let runtime = try ConnectRuntime(pipelines, options: options, observer: MetricsObserver(factory: metrics))
    let (addresses, told) = AsyncStream.makeStream(of: ListenAddress.self)
    let server = OperationsServer(
        runtime,
        on: ListenAddress(port: 0),
        metrics: metrics,
        redaction: redaction,
        requestTimeout: requestTimeout,
        answerTimeout: answerTimeout,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ) { address in
        told.yield(address)
    }
    #expect(server.address == nil)
    try await withThrowingTaskGroup { tasks in
        // Cancelled in the end, it returns and throws nothing.
        tasks.addTask { try await server.run() }
        tasks.addTask { try? await runtime.run() }
        let address = try #require(await addresses.first { _ in true })
        #expect(address.port > 0)
        #expect(server.address == address)
        try await body(runtime, "http://\(address)")
        tasks.cancelAll()
        try await tasks.waitForAll()
    }
}
