// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// How an entry's fields become a record, and a record an entry's fields.
public struct EntryFormat: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        case auto
        case fields
        case raw
        case format(any RecordFormat)
    }

    let kind: Kind

    /// The name that a configuration has for it.
    public var description: String {
        switch kind {
        case .auto: "auto"
        case .fields: "fields"
        case .raw: "raw"
        case .format(let format): format.name
        }
    }

    /// For reading: what each entry is, its fields tell. With a field `ce-specversion` it is an event in binary mode; with
    /// a content type `application/cloudevents+json`, one in structured mode; with the field of the payload, bytes and
    /// headers; and otherwise plain ``fields``. For writing it is ``raw``.
    public static let auto = EntryFormat(kind: .auto)
    /// The entry as an object: each field is a member, as text where it is UTF-8 and as bytes where not.
    public static let fields = EntryFormat(kind: .fields)
    /// The payload as it is in the field of the payload, and headers in the others.
    public static let raw = EntryFormat(kind: .raw)
    /// The payload as text.
    public static let text = EntryFormat.format(TextFormat())
    /// The payload as JSON.
    public static let json = EntryFormat.format(JSONFormat())
    /// A CloudEvent: each attribute is a field `ce-` and its name, the data is the payload.
    public static let cloudEventsBinary = EntryFormat.format(BinaryEventFormat())
    /// A CloudEvent in JSON in the field of the payload.
    public static let cloudEventsStructured = EntryFormat.format(StructuredEventFormat())

    /// A format of your own.
    public static func format(_ format: any RecordFormat) -> EntryFormat { EntryFormat(kind: .format(format)) }
}

extension EntryFormat: SettingValue {
    private static let reading: [EntryFormat] = [
        .auto, .fields, .raw, .text, .json, .cloudEventsBinary, .cloudEventsStructured,
    ]

    /// The names of the formats.
    public static var settingShape: SettingShape { String.settingShape }

    /// Reads a name.
    public init(setting input: SettingInput) throws {
        let text = try input.text()
        guard let format = Self.reading.first(where: { $0.description == text }) else {
            throw input.mismatch("one of " + Self.reading.map(\.description).joined(separator: ", "))
        }
        self = format
    }

    /// The name.
    public var settingText: StructuredValue? { .string(description) }
}
