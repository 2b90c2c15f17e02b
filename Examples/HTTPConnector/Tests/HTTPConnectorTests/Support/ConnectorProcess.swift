// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import NIOCore
import NIOPosix
import Testing

/// The built executable, with a configuration.
struct ConnectorProcess: Sendable {
    let command: ProcessCommand

    /// - Parameter configuration: in JSON.
    init(_ configuration: String, in directory: TemporaryDirectory, named name: String = "config") throws {
        try directory.write(configuration, to: name + ".json")
        command = try ProcessCommand(built: "http-connector", ["run", "--config", directory[name + ".json"]])
    }

    /// Runs the executable for as long as the body runs, and stops it by SIGTERM.
    func run<Value>(_ body: (ChildProcess) async throws -> Value) async throws -> Value {
        try await withChildProcess(command) { child in
            let value = try await body(child)
            child.send(15)
            let exit = try await child.wait(atMost: .seconds(30))
            #expect(exit == .exited(0), "\(child.standardError)")
            return value
        }
    }
}

extension ChildProcess {
    /// The port that the executable says it listens on.
    func listeningPort() async throws -> Int {
        let text = try await standardError(until: "(address=127.0.0.1:")
        let digits = text.split(separator: "(address=127.0.0.1:")[1].prefix { $0.isNumber }
        return try #require(Int(digits))
    }

    /// What the executable has written, once a text is in it.
    func standardError(until text: String) async throws -> String {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let written = standardError
            if written.contains(text) { return written }
            if exit != nil || ContinuousClock.now > deadline {
                throw ConnectorProcessError(description: "'\(text)' was not written: \(written)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}

struct ConnectorProcessError: Error, CustomStringConvertible {
    let description: String
}

/// A port that nobody listens on at present.
func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: "127.0.0.1", port: 0).get()
    defer { channel.close(promise: nil) }
    return try #require(channel.localAddress?.port)
}
