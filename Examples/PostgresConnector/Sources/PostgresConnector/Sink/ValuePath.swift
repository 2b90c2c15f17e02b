// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Where in a record the value of a column is.
enum ValuePath: Sendable, Hashable {
    /// The data, or a field within.
    case data([String])
    case key
    case timestamp
    /// An attribute of the event that the record stands for.
    case attribute(AttributeName)

    /// The path as a configuration has it: `data`, `data.order.id`, `key`, `timestamp`, `event.time`.
    init(_ text: String) throws(ConnectorError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        switch (parts[0], parts.count) {
        case ("data", _) where !parts.contains(""): self = .data(Array(parts.dropFirst()))
        case ("key", 1): self = .key
        case ("timestamp", 1): self = .timestamp
        case ("event", 2):
            guard let name = try? AttributeName(parts[1]) else { throw Self.unknown(text) }
            self = .attribute(name)
        default: throw Self.unknown(text)
        }
    }

    private static func unknown(_ text: String) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "'\(text)' is no place in a record; write data, data.field.field, key, timestamp, or event.attribute"
        )
    }

    var isAttribute: Bool { if case .attribute = self { true } else { false } }

    /// The value there; nothing where there is none.
    func value(in record: ConnectorRecord, _ data: StructuredValue, _ event: CloudEvent?) throws -> StructuredValue? {
        switch self {
        case .data(let names):
            if names.isEmpty, record.data.isAbsent { return nil }
            return names.reduce(data as StructuredValue?) { value, name in
                if case .object(let object)? = value { object[name] } else { nil }
            }
        case .key: return try record.key?.structured
        case .timestamp:
            return try record.timestamp.map { stamp in
                let (seconds, rest) = stamp.nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
                let isEarlier = rest < 0
                let time = try Timestamp(
                    secondsSince1970: isEarlier ? seconds - 1 : seconds,
                    nanoseconds: Int32(isEarlier ? rest + 1_000_000_000 : rest)
                )
                return .timestamp(time)
            }
        case .attribute(let name):
            return event?.canonicalString(of: name).map { .string($0) }
        }
    }
}
