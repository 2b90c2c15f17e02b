// SPDX-License-Identifier: Apache-2.0

/// The value of an AMQP 1.0 application property, as far as an event can hold it (A4).
///
/// AMQP's simple types are a closed set. Those that differ in size only are one case here, and those that no attribute
/// can be are ``other``.
public enum AMQPValue: Sendable, Hashable {
    /// `null`
    case null
    /// `boolean`
    case boolean(Bool)
    /// `byte`, `short`, `int` or `long`; written as `long`.
    case long(Int64)
    /// `ubyte`, `ushort`, `uint` or `ulong`.
    case unsignedLong(UInt64)
    /// `float` or `double`
    case double(Double)
    /// `string`
    case string(String)
    /// `symbol`
    case symbol(String)
    /// `binary`
    case binary(SharedBytes)
    /// `timestamp`: milliseconds since 1970-01-01T00:00:00Z, negative before.
    case timestamp(milliseconds: Int64)
    /// `char`, `uuid` or one of the decimal types.
    case other
}

extension AMQPValue {
    /// The value as an attribute's, with its size in bytes; `nil` for null, which is no value.
    func attribute() throws(CloudEventError) -> (value: AttributeValue, bytes: Int)? {
        switch self {
        case .null: return nil
        case .boolean(let value): return (.boolean(value), 1)
        case .long(let value): return (.integer(try Self.integer(Int32(exactly: value))), 8)
        case .unsignedLong(let value): return (.integer(try Self.integer(Int32(exactly: value))), 8)
        case .string(let text), .symbol(let text): return (.string(text), text.utf8.count)
        case .binary(let bytes): return (.binary(bytes), bytes.count)
        case .timestamp(let milliseconds): return (.timestamp(try Timestamp(milliseconds: milliseconds)), 8)
        case .double, .other:
            throw CloudEventError(
                .invalidValue,
                "no attribute has this AMQP type; send boolean, long, string, binary or timestamp",
                rule: "A4"
            )
        }
    }

    private static func integer(_ value: Int32?) throws(CloudEventError) -> Int32 {
        guard let value else { throw AttributeValue.invalidInteger }
        return value
    }

    /// The value in the AMQP type of an attribute's (A4).
    ///
    /// An AMQP timestamp counts milliseconds and knows no leap second: a time that it cannot hold is written as text,
    /// so that it is not changed.
    init(_ value: AttributeValue) {
        switch value {
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .long(Int64(value))
        case .binary(let bytes): self = .binary(bytes)
        case .timestamp(let time):
            if let milliseconds = time.exactMilliseconds {
                self = .timestamp(milliseconds: milliseconds)
            } else {
                self = .string(time.description)
            }
        case .string, .uri, .uriReference: self = .string(value.canonicalString)
        }
    }
}

extension AMQPValue: CustomStringConvertible {
    /// The type only: the value may be confidential.
    public var description: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .long: "long"
        case .unsignedLong: "ulong"
        case .double: "double"
        case .string: "string"
        case .symbol: "symbol"
        case .binary: "binary"
        case .timestamp: "timestamp"
        case .other: "other"
        }
    }
}

extension Timestamp {
    /// An instant of an AMQP timestamp.
    init(milliseconds: Int64) throws(CloudEventError) {
        var (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        if rest < 0 {
            seconds -= 1
            rest += 1000
        }
        try self.init(secondsSince1970: seconds, nanoseconds: Int32(rest) * 1_000_000)
    }

    /// The instant in milliseconds since 1970, if it is exactly so many.
    var exactMilliseconds: Int64? {
        let (product, overflow) = secondsSince1970.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return nil }
        let milliseconds = product + Int64(nanoseconds / 1_000_000)
        return (try? Timestamp(milliseconds: milliseconds)) == self ? milliseconds : nil
    }
}
