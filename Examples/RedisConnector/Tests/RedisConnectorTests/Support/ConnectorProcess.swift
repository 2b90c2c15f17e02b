// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

/// The built executable, with a configuration.
struct ConnectorProcess: Sendable {
    var command: ProcessCommand

    /// - Parameter configuration: in JSON.
    init(_ configuration: String, in directory: TemporaryDirectory, named name: String = "config") throws {
        try directory.write(configuration, to: name + ".json")
        command = try ProcessCommand(built: "redis-connector", ["run", "--config", directory[name + ".json"]])
    }

    /// Runs the executable for as long as the body runs, and stops it by SIGTERM.
    func run<Value>(_ body: (ChildProcess) async throws -> Value) async throws -> Value {
        try await withChildProcess(command) { child in
            let value = try await body(child)
            child.send(15)
            let exit = try await child.wait(atMost: .seconds(120))
            #expect(exit == .exited(0), "\(child.standardError)")
            return value
        }
    }
}

extension ChildProcess {
    /// Waits until the executable has written a text.
    func hasWritten(_ text: String) async throws {
        try await eventually("'\(text)' is written") {
            if let exit { throw TestError("ended with \(exit) before it wrote '\(text)': \(standardError)") }
            return standardError.contains(text)
        }
    }
}
