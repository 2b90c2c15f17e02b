// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import KafkaConnector
import OpenConnect
import ServiceIntegration

/// Runs pipelines from and to Kafka and files.
@main
struct KafkaConnectorCommand {
    static func main() async {
        await ConnectorApplication(
            name: "kafka-connector",
            version: "0.1.0",
            observer: OperationsServer.observerIfWanted
        ) { registry in
            registry.register(KafkaSource.self)
            registry.register(KafkaSink.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        } beside: { runtime in
            try await OperationsServer.serveIfWanted(runtime, by: "kafka-connector")
        }.main()
    }
}
