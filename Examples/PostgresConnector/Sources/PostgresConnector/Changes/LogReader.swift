// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Takes numbers and texts from the bytes of a replication message, in network order.
struct LogReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// How many bytes are left.
    var count: Int { rest.count }

    mutating func byte() throws(ConnectorError) -> UInt8 {
        guard let byte = rest.popFirst() else { throw Self.cut }
        return byte
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(ConnectorError) -> Number
    {
        let bytes = try self.bytes(MemoryLayout<Number>.size)
        return bytes.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func bytes(_ count: Int) throws(ConnectorError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw Self.cut }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// A text up to a zero byte.
    mutating func text() throws(ConnectorError) -> String {
        guard let end = rest.firstIndex(of: 0) else { throw Self.cut }
        defer { rest = rest[(end + 1)...] }
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private static var cut: ConnectorError {
        ConnectorError(.fatal, "the server sent a replication message that ends too early")
    }
}
