// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import OpenConnect
import RedisConnector
import ServiceIntegration

/// Runs pipelines from and to streams of Redis, and files; keeps positions in Redis.
@main
struct RedisConnectorCommand {
    static func main() async {
        DescriptorLimit.raise()
        await ConnectorApplication(
            name: "redis-connector",
            version: "0.1.0",
            observer: OperationsServer.observerIfWanted
        ) { registry in
            registry.register(RedisStreamSource.self)
            registry.register(RedisStreamSink.self)
            registry.register(RedisOffsetStore.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        } beside: { runtime in
            try await OperationsServer.serveIfWanted(runtime, by: "redis-connector")
        }.main()
    }
}
