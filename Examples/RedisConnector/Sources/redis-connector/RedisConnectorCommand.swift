// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import FileConnector
import OpenConnect
import RedisConnector
import ServiceIntegration

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// Runs pipelines from and to streams of Redis, and files; keeps positions in Redis.
@main
struct RedisConnectorCommand {
    static func main() async {
        raiseDescriptorLimit()
        await ConnectorApplication(name: "redis-connector", version: "0.1.0") { registry in
            registry.register(RedisStreamSource.self)
            registry.register(RedisStreamSink.self)
            registry.register(RedisOffsetStore.self)
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
            fputs("redis-connector: metrics are at http://\(address)/metrics\n", stderr)
        }.run()
    }

    /// Lets the process have as many connections as the system allows it, not as many as a shell starts with.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }

    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif
}
