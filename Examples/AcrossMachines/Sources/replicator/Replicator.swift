// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import KafkaConnector
import OpenConnect
import PostgresConnector
import ServiceIntegration

/// Runs pipelines between PostgreSQL and Kafka.
@main
struct Replicator {
    static func main() async {
        await ConnectorApplication(name: "replicator", version: "0.1.0", observer: OperationsServer.observerIfWanted) {
            registry in
            registry.register(PostgresTableSource.self)
            registry.register(PostgresChangeSource.self)
            registry.register(PostgresSink.self)
            registry.register(PostgresOffsetStore.self)
            registry.register(KafkaSource.self)
            registry.register(KafkaSink.self)
        } beside: { runtime in
            try await OperationsServer.serveIfWanted(runtime, by: "replicator")
        }.main()
    }
}
