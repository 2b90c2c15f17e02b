// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import RedisConnector

@Suite("What an offset store keeps, read back")
struct StoredOffsetTests {
    /// With what came before it, an accent at the beginning is one character.
    private static let texts = ["", "a", "\u{301}a", "\u{301}", "a:\u{301}b:c", "a \u{301}b", "\r\n", ":\u{200D}:"]

    @Test("Any text comes back as it was, byte by byte", arguments: texts)
    func roundTrip(text: String) throws {
        let read = try StoredOffset.offset(StoredOffset.text(of: RecordOffset(text)))
        #expect(read.text.map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test("Fields come back as they were, byte by byte", arguments: texts)
    func fieldsRoundTrip(text: String) throws {
        let offset = try RecordOffset(encoding: ["at\(text)": text], version: 7)
        let read = try StoredOffset.offset(StoredOffset.text(of: offset))
        #expect(Array(read.description.utf8) == Array(offset.description.utf8))
        #expect(read.schemaVersion == 7)
    }

    @Test("A partition that owns its claim is named whole", arguments: texts)
    func owner(name: String) async throws {
        let server = try await RedisServer()
        let (owner, other) = (RedisOffsetStore(server.address), RedisOffsetStore(server.address))
        let scope = ClaimScope(connector: "c", partition: RecordPartition(name))
        let claim = try await owner.claim(ClaimRequest(scope: scope))
        let error = await #expect(throws: ConnectorError.self) { try await other.claim(ClaimRequest(scope: scope)) }
        let words = Array("claimed partition \"\(name)\" with".utf8)
        let message = Array((error?.message ?? "").utf8)
        #expect(message.indices.contains { message[$0...].starts(with: words) }, "\(error?.message ?? "")")
        try await owner.release(claim.token)
        await server.kill()
    }
}
