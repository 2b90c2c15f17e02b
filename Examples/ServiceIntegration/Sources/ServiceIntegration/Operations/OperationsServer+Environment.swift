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
    private static var isWanted: Bool {
        ConfigReader(provider: EnvironmentVariablesProvider()).string(forKey: "metrics.listen") != nil
    }

    /// Has durations measured where ``serveIfWanted(_:by:)`` serves, so that the histograms are there; silent elsewhere. It
    /// is meant for `ConnectorApplication(… observer:)`.
    public static var observerIfWanted: any RuntimeObserver { isWanted ? MeasuringObserver() : .silent }

    private struct MeasuringObserver: RuntimeObserver {
        let interests: ObserverInterests = .durations

        func observe(_ event: RuntimeEvent) {}
    }

    /// Serves at the address in the environment variable `METRICS_LISTEN` until the task is cancelled; returns at once where
    /// there is none. It is meant for `ConnectorApplication(…) … beside:`.
    ///
    /// - Parameters:
    ///   - runtime: whose pipelines are told of, without the secrets that its `redaction` knows.
    ///   - name: the name of the command, with which its line about the address begins.
    /// - Throws: ``/OpenConnect/SettingProblems`` where the variable is no address, and what the server throws.
    public static func serveIfWanted(_ runtime: ConnectRuntime, by name: String) async throws {
        guard isWanted else { return }
        let settings = try ServiceSettings(ConfigReader(provider: EnvironmentVariablesProvider()))
        let redaction = runtime.redaction
        try await OperationsServer(runtime, on: settings.metricsListen, redaction: redaction) { address in
            fputs("\(name): metrics are at http://\(address)/metrics\n", stderr)
        }.run()
    }
}
