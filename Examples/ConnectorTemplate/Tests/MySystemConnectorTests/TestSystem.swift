// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import MySystemConnector

/// The system of one test: it begins empty, and goes with its last reference.
final class TestSystem: Sendable {
    private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("my-system-\(UUID())").path
    private let client: MySystemClient

    /// What reaches it.
    var path: String { client.path }

    init() throws {
        client = MySystemClient(path: directory + "/messages.log")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try removeMessages()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The path of another file of the test.
    subscript(name: String) -> String { "\(directory)/\(name)" }

    func removeMessages() throws { try Data().write(to: URL(fileURLWithPath: path)) }

    /// Adds messages from outside of the sink.
    func add(_ items: [String]) async throws { try await client.append(items.map { Array($0.utf8) }) }

    /// Adds a message that the source cannot read.
    func addUnreadable() async throws { try await client.append([[0xFF]]) }

    /// The messages, read without the client.
    func messages() throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
            .dropLast().map(String.init)
    }

    /// Has the system fail, or come back.
    func setReachable(_ isReachable: Bool) throws {
        let away = path + ".away"
        try FileManager.default.moveItem(atPath: isReachable ? away : path, toPath: isReachable ? path : away)
    }
}
