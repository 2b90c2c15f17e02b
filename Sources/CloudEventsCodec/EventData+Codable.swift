// SPDX-License-Identifier: Apache-2.0

// Not a public import: no type of Foundation is part of this API, so that who uses it need not have Foundation. That is
// also why coders cannot be given as parameters; their settings are fixed and documented here instead.
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension EventData {
    /// Makes a JSON payload of a value.
    ///
    /// Dates are written as RFC 3339 text in UTC, bytes as base64, members in the order of their names.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/notRepresentable`` where the value has no form in JSON,
    ///   such as a number that is infinite; with the path to it, as ``decode(_:contentType:)`` gives one, but without the value.
    public static func encoding(_ value: some Encodable) throws(CloudEventError) -> EventData {
        let text: Data
        do {
            text = try JSONEncoder.forEvents.encode(value)
        } catch {
            throw CloudEventError(encoding: error)
        }
        return try .json(SharedBytes(text))
    }

    /// Reads a value from a JSON payload.
    ///
    /// Dates are RFC 3339 text, bytes base64.
    ///
    /// - Parameters:
    ///   - type: what to read.
    ///   - contentType: says whether a payload of text or bytes is JSON (J5); without one only a payload of the kind
    ///     ``Kind/json`` is (J4). ``CloudEvent/decodeData(_:)`` knows it.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidData`` where there is no payload, it is not JSON,
    ///   or it is not of the type; with the path to what is wrong but without any value. Keys that no type declares, as
    ///   those of dictionaries, are a `*` in it.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self,
        contentType: String? = nil
    ) throws(CloudEventError) -> Value {
        let text = try jsonText(contentType: contentType)
        do {
            return try JSONDecoder.forEvents.decode(type, from: text.withUnsafeBytes { Data($0) })
        } catch {
            throw CloudEventError(decoding: error)
        }
    }

    private func jsonText(contentType: String?) throws(CloudEventError) -> SharedBytes {
        switch kind {
        case .json: return bytes
        case .absent:
            throw CloudEventError(.invalidData, "the event has no data to read a value from", attribute: "data")
        case .text, .binary:
            guard let contentType, MediaType.isJSON(contentType) else {
                throw CloudEventError(
                    .invalidData,
                    "the data is not JSON by its content type; read its bytes or its text",
                    attribute: "data",
                    rule: "J5"
                )
            }
            do throws(CloudEventError) {
                return try Self.checkedJSON(bytes, maximumDepth: Self.nestingDepth)
            } catch {
                throw error.naming("data")
            }
        }
    }
}

extension CloudEvent {
    /// Reads a value from the data, which has to be JSON: by its kind, or by the event's content type (J5).
    ///
    /// - Throws: as ``EventData/decode(_:contentType:)``.
    public func decodeData<Value: Decodable>(_ type: Value.Type = Value.self) throws(CloudEventError) -> Value {
        try data.decode(type, contentType: dataContentType)
    }

    /// Sets the data to a value, written as JSON; `datacontenttype` becomes `application/json` unless it already means
    /// JSON (J5).
    ///
    /// - Throws: as ``EventData/encoding(_:)``; the event stays as it was then.
    public mutating func setData(encoding value: some Encodable) throws(CloudEventError) {
        let payload = try EventData.encoding(value)
        if dataContentType.map({ MediaType.isJSON($0) }) != true { try setDataContentType("application/json") }
        data = payload
    }
}

// MARK: - Coders

extension JSONDecoder {
    /// A new one for each use: they are classes whose settings can be changed.
    fileprivate static var forEvents: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let timestamp = try? Timestamp(container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "no RFC 3339 timestamp")
            }
            return Date(timestamp)
        }
        return decoder
    }
}

extension JSONEncoder {
    fileprivate static var forEvents: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(Timestamp(date).description)
        }
        return encoder
    }
}

extension Date {
    fileprivate init(_ timestamp: Timestamp) {
        let seconds = timestamp.secondsSince1970 + (timestamp.isLeapSecond ? 1 : 0)
        self.init(
            timeIntervalSinceReferenceDate: Double(seconds) - Date.timeIntervalBetween1970AndReferenceDate
                + Double(timestamp.nanoseconds) * 1e-9
        )
    }
}

extension Timestamp {
    /// The instant in UTC, with as few fraction digits as give the same date again, and at most nine.
    fileprivate init(_ date: Date) throws(CloudEventError) {
        let interval = date.timeIntervalSinceReferenceDate
        let whole = interval.rounded(.down)
        guard let seconds = Int64(exactly: whole + Date.timeIntervalBetween1970AndReferenceDate) else {
            throw Timestamp.invalid
        }
        for unit: Int64 in [1_000_000, 1000, 1] {
            let nanoseconds = Int64(((interval - whole) * 1e9 / Double(unit)).rounded()) * unit
            let timestamp = try Timestamp(
                secondsSince1970: seconds + nanoseconds / 1_000_000_000,
                nanoseconds: Int32(nanoseconds % 1_000_000_000)
            )
            if unit == 1 || Date(timestamp) == date {
                self = timestamp
                return
            }
        }
        throw Timestamp.invalid
    }
}

// MARK: - Errors

extension CloudEventError {
    fileprivate init(decoding error: any Error) {
        switch error {
        case let error as CloudEventError: self = error.attribute == nil ? error.naming("data") : error
        case DecodingError.keyNotFound(let key, let context):
            self.init(path: context.codingPath + [key], "a member is missing that the type needs")
        case DecodingError.valueNotFound(_, let context):
            self.init(path: context.codingPath, "a value is missing or null that the type needs")
        case DecodingError.typeMismatch(_, let context):
            self.init(path: context.codingPath, "a value is not of the type that is read")
        case DecodingError.dataCorrupted(let context):
            self.init(path: context.codingPath, "a value is not one of the type that is read")
        default: self.init(path: [], "the type that is read refused the data")
        }
    }

    fileprivate init(encoding error: any Error) {
        switch error {
        case let error as CloudEventError: self = error.attribute == nil ? error.naming("data") : error
        case EncodingError.invalidValue(_, let context):
            self.init(path: context.codingPath, "a value has no form in JSON", code: .notRepresentable)
        default: self.init(path: [], "the value refused to be written", code: .notRepresentable)
        }
    }

    /// The path has the names that types declare and the indexes of arrays. Other keys come from the payload, and a star
    /// stands for each.
    private init(path: [any CodingKey], _ message: String, code: Code = .invalidData) {
        var place = ""
        for key in path.prefix(20) {
            if key.isArrayIndex, let index = key.intValue {
                place += "[\(index)]"
            } else {
                place += (place.isEmpty ? "" : ".") + (key.isDeclared ? Self.printable(key.stringValue) : "*")
            }
        }
        self.init(code, place.isEmpty ? message : message + ", at " + place, attribute: "data")
    }

    private static func printable(_ text: String) -> String {
        var copy = text
        return copy.withUTF8 { AttributeName.printable(UnsafeRawBufferPointer($0)) }
    }
}

extension CodingKey {
    /// Whether the key is one of the cases of an enumeration, which its source names; the keys of dictionaries are of types
    /// that take any name.
    fileprivate var isDeclared: Bool {
        let mirror = Mirror(reflecting: self)
        return mirror.displayStyle == .enum && mirror.children.isEmpty && Self(stringValue: "\u{0}") == nil
    }

    /// Whether the key is an array's index in the form of Foundation's coders. A number as a dictionary's key is its text.
    fileprivate var isArrayIndex: Bool {
        guard let intValue, !isDeclared else { return false }
        return stringValue == "Index \(intValue)"
    }
}
