// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import MySystemConnector

/// A MySystem for one test: it begins empty, and goes with its last reference.
final class TestSystem: Sendable {
    private let root: URL
    private let writer: MySystemClient

    var directory: String { self["messages"] }

    init() throws {
        root = FileManager.default.temporaryDirectory.appendingPathComponent("my-system-\(UUID())")
        writer = MySystemClient(directory: root.appendingPathComponent("messages").path)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    /// The path of another file of the test.
    subscript(name: String) -> String { root.appendingPathComponent(name).path }

    /// Adds messages from outside of the sink.
    func add(_ items: [String]) async throws {
        for item in items { try await writer.append(Array(item.utf8)) }
    }

    /// Adds a message that the source cannot read.
    func addUnreadable() async throws { try await writer.append([0xFF]) }

    /// The messages, read without the client.
    func messages() throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".txt") }
        return try names.compactMap { Int($0.dropLast(4)) }.sorted().map {
            try String(contentsOfFile: "\(directory)/\($0).txt", encoding: .utf8)
        }
    }

    /// Has the system fail, or come back.
    func setReachable(_ isReachable: Bool) throws {
        let places = [directory, self["unreachable"]]
        try FileManager.default.moveItem(
            atPath: isReachable ? places[1] : places[0],
            toPath: isReachable ? places[0] : places[1]
        )
    }
}
