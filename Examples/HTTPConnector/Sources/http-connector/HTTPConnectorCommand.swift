// SPDX-License-Identifier: Apache-2.0

import Configuration
import ConnectRuntimeKit
import FileConnector
import HTTPConnector
import OpenConnect
import ServiceIntegration

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// Runs pipelines from and to HTTP, files and Knative.
@main
struct HTTPConnectorCommand {
    static func main() async {
        raiseDescriptorLimit()
        await ConnectorApplication(name: "http-connector", version: "0.1.0") { registry in
            registry.register(HTTPSource.self)
            registry.register(HTTPSink.self)
            registry.register(KnativeSink.self)
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
            fputs("http-connector: metrics are at http://\(address)/metrics\n", stderr)
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
