// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import FileConnector
import HTTPConnector

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Runs pipelines from and to HTTP, files and Knative.
@main
struct HTTPConnectorCommand {
    static func main() async {
        raiseDescriptorLimit()
        await ConnectorApplication(name: "http-connector", version: "0.1.0") { registry in
            registry.register(HTTPSource.self)
            registry.register(FileSource.self)
            registry.register(FileSink.self)
        }.main()
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
