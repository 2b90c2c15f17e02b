// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import KafkaConnector
import OpenConnect
import PostgresConnector
import ServiceIntegration

#if canImport(Darwin)
import Darwin
#else
@preconcurrency import Glibc
#endif

/// Runs pipelines between PostgreSQL and Kafka.
@main
struct Replicator {
    static func main() async {
        await ConnectorApplication(name: "replicator", version: "0.1.0") { registry in
            registry.register(PostgresTableSource.self)
            registry.register(PostgresChangeSource.self)
            registry.register(PostgresSink.self)
            registry.register(PostgresOffsetStore.self)
            registry.register(KafkaSource.self)
            registry.register(KafkaSink.self)
        } beside: { runtime in
            try await serveOperations(runtime)
        }.main()
    }

    /// Serves metrics and health at the address in `METRICS_LISTEN`, if there is one.
    private static func serveOperations(_ runtime: ConnectRuntime) async throws {
        let config = ConfigReader(provider: EnvironmentVariablesProvider())
        guard config.string(forKey: "metrics.listen") != nil else { return }
        let settings = try ServiceSettings(config)
        try await OperationsServer(runtime, on: settings.metricsListen) { address in
            fputs("replicator: metrics are at http://\(address)/metrics\n", stderr)
        }.run()
    }
}
