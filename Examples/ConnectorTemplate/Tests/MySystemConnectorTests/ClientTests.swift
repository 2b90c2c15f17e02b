// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenConnect
import Testing

@testable import MySystemConnector

/// What is true of the log alone: replace it together with the client.
struct ClientTests {
    @Test(arguments: [(0, true), (4, true), (8, true), (3, false), (-1, false), (99, false)])
    func `a place is where a message ends`(place: Int64, isPlace: Bool) async throws {
        let system = try TestSystem()
        try await system.add(["one", "two"])
        #expect(try await MySystemClient(path: system.path).hasPlace(place) == isPlace)
    }

    @Test func `an incomplete message is not read, and gives way to the next one`() async throws {
        let system = try TestSystem()
        try Data("one\ntw".utf8).write(to: URL(fileURLWithPath: system.path))
        let client = MySystemClient(path: system.path)
        #expect(try await client.messages(after: 0, limit: 10, maxBytes: 100).map(\.place) == [4])
        try await system.add(["three"])
        #expect(try system.messages() == ["one", "three"])
    }

    @Test func `a check of the sink asks for more than reading`() async throws {
        let system = try TestSystem()
        let client = MySystemClient(path: system["."])
        try await client.connect()
        let error = await #expect(throws: ConnectorError.self) { try await client.connect(forWriting: true) }
        #expect(error?.code == .invalidConfiguration)
    }
}
