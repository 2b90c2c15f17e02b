// SPDX-License-Identifier: Apache-2.0

import Configuration
public import ConnectRuntimeKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

extension OperationsServer {
    /// Serves at the address in the environment variable `METRICS_LISTEN` until the task is cancelled; returns at once where
    /// there is none. It is meant for `ConnectorApplication(…) … beside:`.
    ///
    /// - Parameters:
    ///   - runtime: whose pipelines are told of.
    ///   - name: the name of the command, with which its line about the address begins.
    /// - Throws: ``/OpenConnect/SettingProblems`` where the variable is no address, and what the server throws.
    public static func serveIfWanted(_ runtime: ConnectRuntime, by name: String) async throws {
        let config = ConfigReader(provider: EnvironmentVariablesProvider())
        guard config.string(forKey: "metrics.listen") != nil else { return }
        let settings = try ServiceSettings(config)
        try await OperationsServer(runtime, on: settings.metricsListen) { address in
            fputs("\(name): metrics are at http://\(address)/metrics\n", stderr)
        }.run()
    }
}
