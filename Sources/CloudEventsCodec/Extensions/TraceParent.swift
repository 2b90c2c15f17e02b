// SPDX-License-Identifier: Apache-2.0

/// The place in a distributed trace that an event comes from: the value of `traceparent` in the form of W3C Trace
/// Context (E1).
///
/// Of version `00` all parts are checked: their lengths, lower-case hexadecimal digits, and that neither the trace's nor
/// the parent's identifier is zero. A later version is taken if it begins with the same parts, as Trace Context asks.
public struct TraceParent: Sendable, Hashable {
    /// The whole value, such as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    public let string: String

    /// The version of the form, 0 to 254; what is written by this library has version 0.
    public let version: UInt8

    /// The flags: bit 0 says that the caller may have recorded the trace.
    public let flags: UInt8

    /// Reads the text form.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is not of that form.
    public init(_ string: String) throws(CloudEventError) {
        let bytes = Array(string.utf8.prefix(Self.length + 1))
        guard bytes.count >= Self.length, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }),
            let version = Self.number(bytes[0..<2]), version != 0xFF, let flags = Self.number(bytes[53..<55]),
            Self.isIdentifier(bytes[3..<35]), Self.isIdentifier(bytes[36..<52]),
            bytes.count == Self.length || (version > 0 && bytes[Self.length] == UInt8(ascii: "-"))
        else {
            throw CloudEventError(
                .invalidValue,
                "not a traceparent of W3C Trace Context: 00, 32 and 16 lower-case hexadecimal digits that are not all "
                    + "zero, and two for the flags, with a hyphen between them",
                attribute: "traceparent",
                rule: "E1"
            )
        }
        self.string = string
        self.version = version
        self.flags = flags
    }

    /// Makes a value of version 0.
    ///
    /// - Parameters:
    ///   - traceID: 32 lower-case hexadecimal digits, not all zero.
    ///   - parentID: 16 lower-case hexadecimal digits, not all zero.
    ///   - isSampled: whether the caller may have recorded the trace.
    /// - Throws: ``CloudEventError`` where an identifier is not of its form.
    public init(traceID: String, parentID: String, isSampled: Bool) throws(CloudEventError) {
        try self.init("00-\(traceID)-\(parentID)-0\(isSampled ? 1 : 0)")
    }

    /// The identifier of the whole trace: 32 lower-case hexadecimal digits.
    public var traceID: String { part(from: 3, length: 32) }

    /// The identifier of the step that caused the event, the parent or span ID: 16 lower-case hexadecimal digits.
    public var parentID: String { part(from: 36, length: 16) }

    /// Whether the caller may have recorded the trace.
    public var isSampled: Bool { flags & 1 == 1 }
}

extension TraceParent: CustomStringConvertible {
    /// The whole value.
    public var description: String { string }
}

extension TraceParent {
    /// The length of version 0, which every later version begins with.
    private static let length = 55

    private func part(from start: Int, length: Int) -> String {
        String(decoding: string.utf8.dropFirst(start).prefix(length), as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt8? {
        var value: UInt8 = 0
        for byte in bytes {
            guard let digit = digit(byte) else { return nil }
            value = value << 4 | digit
        }
        return value
    }

    private static func isIdentifier(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { digit($0) != nil } && bytes.contains { $0 != UInt8(ascii: "0") }
    }
}
