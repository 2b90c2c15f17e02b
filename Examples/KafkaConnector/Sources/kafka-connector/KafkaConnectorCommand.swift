// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import FileConnector
import KafkaConnector
import OpenConnect
import ServiceIntegration

#if canImport(Darwin)
import Darwin
#else
@preconcurrency import Glibc
#endif

/// Runs pipelines from and to Kafka and files.
@main
struct KafkaConnectorCommand {
    static func main() async {
        await ConnectorApplication(name: "kafka-connector", version: "0.1.0") { registry in
            registry.register(KafkaSource.self)
            registry.register(KafkaSink.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
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
            fputs("kafka-connector: metrics are at http://\(address)/metrics\n", stderr)
        }.run()
    }
}
