// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import OpenConnect
import PostgresConnector
import ServiceIntegration

/// Runs pipelines from and to PostgreSQL and files.
@main
struct PostgresConnectorCommand {
    static func main() async {
        await ConnectorApplication(
            name: "postgres-connector",
            version: "0.1.0",
            observer: OperationsServer.observerIfWanted
        ) { registry in
            registry.register(PostgresTableSource.self)
            registry.register(PostgresChangeSource.self)
            registry.register(PostgresSink.self)
            registry.register(PostgresOffsetStore.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        } beside: { runtime in
            try await OperationsServer.serveIfWanted(runtime, by: "postgres-connector")
        }.main()
    }
}
