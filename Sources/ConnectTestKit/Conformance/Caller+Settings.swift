// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension Caller {
    /// Makes and starts an instance with settings that are wrong, which has to be refused.
    ///
    /// - Parameter setting: what the error has to name.
    func expectRefusal(
        of setting: String,
        _ host: ConformanceHost,
        _ make: @escaping @Sendable () async throws -> any Connector
    ) async throws {
        switch try await attempt("making the connector", make) {
        case .failure(let error):
            try expect(error, naming: setting)
        case .success(let connector):
            let outcome = try await attempt("start") { try await connector.start(host.context) }
            try await call("stop") { await connector.stop() }
            _ = await host.endTasks(within: limits.cancellation)
            if case .failure(let error) = outcome { return try expect(error, naming: setting) }
            throw Self.notRefused(setting, "no error")
        }
    }

    private func expect(_ error: any Error, naming setting: String) throws {
        if let error = error as? ConnectorError, error.code == .invalidConfiguration, error.message.contains(setting) {
            return
        }
        if let problems = error as? SettingProblems, problems.description.contains(setting) { return }
        throw Self.notRefused(setting, "the error '\(error)'")
    }

    private static func notRefused(_ setting: String, _ seen: String) -> Finding {
        .broken(
            expected:
                "making or starting it to throw invalidConfiguration or SettingProblems with a message that names '\(setting)'",
            seen: seen,
            advice: "check the settings before anything is connected, and say which one is wrong"
        )
    }
}
