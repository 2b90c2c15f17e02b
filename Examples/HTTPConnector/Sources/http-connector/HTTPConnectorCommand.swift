// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import HTTPConnector
import OpenConnect
import ServiceIntegration

/// Runs pipelines from and to HTTP, files and Knative.
@main
struct HTTPConnectorCommand {
    static func main() async {
        DescriptorLimit.raise()
        await ConnectorApplication(
            name: "http-connector",
            version: "0.1.0",
            observer: OperationsServer.observerIfWanted
        ) { registry in
            registry.register(HTTPSource.self)
            registry.register(HTTPSink.self)
            registry.register(KnativeSink.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        } beside: { runtime in
            try await OperationsServer.serveIfWanted(runtime, by: "http-connector")
        }.main()
    }
}
