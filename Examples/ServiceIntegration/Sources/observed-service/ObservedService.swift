// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import Metrics
import FileConnector
import Logging
import OpenConnect
import ServiceIntegration
import ServiceLifecycle
import Tracing
import UnixSignals

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// A service that hosts two pipelines and can be watched.
@main
struct ObservedService {
    static func main() async { await serve() }

    @concurrent
    private static func serve() async {
        do {
            try await run()
        } catch {
            fputs("observed-service: \((error as? ConnectorError)?.message ?? "\(error)")\n", stderr)
            exit(1)
        }
    }

    private static func run() async throws {
        // The settings of everything, pipelines and their secrets included.
        let config = ConfigReader(provider: EnvironmentVariablesProvider())
        let settings = try ServiceSettings(config)
        var logger = Logger(label: "observed-service")
        logger.logLevel = settings.logLevel

        // Where logs, metrics and spans go.
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        if settings.isTracingEnabled { InstrumentationSystem.bootstrap(LoggingTracer(logger)) }

        // The pipelines, and who is told what they do.
        var registry = ConnectorRegistry()
        registry.register(FileSink.self)
        registry.register(TallySink.self)
        let document = try settings.pipelines(config, bundled: bundledPipelines)
        let pipelines = try ConnectConfiguration(document, registry: registry)
        var observers: [any RuntimeObserver] = [
            LoggingObserver(logger, redaction: document.redaction), MetricsObserver(),
        ]
        if settings.isTracingEnabled { observers.append(TracingObserver()) }
        let runtime = try pipelines.makeRuntime(observer: ObserverGroup(observers))

        // Services are shut down in the opposite order: health and metrics can be read until the pipelines have drained.
        let operations = OperationsServer(
            runtime,
            on: settings.metricsListen,
            metrics: metrics,
            redaction: document.redaction,
            logger: logger
        ) { address in
            print("metrics: http://\(address)/metrics")
            fflush(stdout)
        }
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: operations),
                .init(service: ConnectService(runtime), successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // A call that does not return does not keep the process from ending.
        configuration.maximumGracefulShutdownDuration = runtime.options.stopDeadline
        configuration.maximumCancellationDuration = .seconds(10)
        try await ServiceGroup(configuration: configuration).run()
    }
}
