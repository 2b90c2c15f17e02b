// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// The payload of a record: nothing, bytes, text, the text of a JSON value, or a structured value.
///
/// Each form is converted to another only on demand; bytes and texts cut from one buffer share it.
public struct RecordData: Sendable {
    /// The form in which a payload is held.
    public enum Form: UInt8, Sendable, Hashable {
        /// There is no payload.
        case absent
        /// Bytes of unknown meaning.
        case bytes
        /// Text, as valid UTF-8.
        case text
        /// One JSON value, as its own text, so that the digits of its numbers are kept.
        case json
        /// A value with a structure.
        case structured
    }

    /// The form in which the payload is held.
    public let form: Form
    @usableFromInline let payload: SharedBytes
    @usableFromInline let value: StructuredValueBox?

    @inlinable
    init(form: Form, payload: SharedBytes = SharedBytes(), value: StructuredValueBox? = nil) {
        self.form = form
        self.payload = payload
        self.value = value
    }

    /// No payload; something else than an empty one.
    public static let absent = RecordData(form: .absent)

    /// Bytes of unknown meaning.
    @inlinable
    public static func bytes(_ bytes: SharedBytes) -> RecordData { RecordData(form: .bytes, payload: bytes) }

    /// Bytes of unknown meaning, copied.
    public static func bytes(_ bytes: some Collection<UInt8>) -> RecordData { .bytes(SharedBytes(bytes)) }

    /// A text.
    public static func text(_ text: String) -> RecordData {
        RecordData(form: .text, payload: SharedBytes(utf8: text))
    }

    /// A text that is UTF-8 already, or `nil` where the bytes are not valid UTF-8.
    public static func text(utf8 bytes: SharedBytes) -> RecordData? {
        bytes.withUnsafeBytes(isValidUTF8) ? RecordData(form: .text, payload: bytes) : nil
    }

    /// The text of one JSON value, checked and kept as it is; only white space around it is left out.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that says at which byte the text is not JSON (RFC 8259),
    ///   or that it is nested deeper than 126 levels.
    public static func json(_ text: SharedBytes) throws -> RecordData {
        do {
            return RecordData(form: .json, payload: try EventData.json(text).bytes)
        } catch {
            throw ConnectorError.invalidJSON("the data", error)
        }
    }

    /// A structured value.
    public static func structured(_ value: StructuredValue) -> RecordData {
        RecordData(form: .structured, value: StructuredValueBox(value))
    }

    /// JSON that was checked before and has no white space around it.
    package static func json(checked text: SharedBytes) -> RecordData { RecordData(form: .json, payload: text) }

    /// Whether there is no payload.
    public var isAbsent: Bool { form == .absent }

    /// The payload as bytes: bytes as they are, text as UTF-8, a structured value as JSON by ``StructuredValue/json``.
    /// Empty where it is absent.
    public var bytes: SharedBytes {
        if form == .structured, let value { return value.value.json }
        return payload
    }

    /// The payload as text, or `nil` where it is absent or not valid UTF-8.
    public var text: String? {
        form == .absent ? nil : String(validatingUTF8: bytes)
    }

    /// The payload as a structured value: JSON is parsed, text is a string, bytes are bytes, nothing is null.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` for JSON in which an object has two members of one name.
    public var structured: StructuredValue {
        get throws {
            switch form {
            case .absent: .null
            case .bytes: .bytes(payload)
            case .text: .string(String(decodingUTF8: payload))
            case .json: try StructuredValue(json: payload)
            case .structured: value?.value ?? .null
            }
        }
    }

    /// The number of bytes of the payload; 0 for a structured value that was not turned into bytes yet.
    @inlinable
    public var count: Int { payload.count }

    /// The number of bytes that the payload takes; that of a structured value is estimated.
    package var heldCount: Int { form == .structured ? value?.byteCount ?? 0 : payload.count }

    /// The same payload in a buffer of its own size.
    public func detached() -> RecordData {
        RecordData(form: form, payload: payload.detached(), value: value)
    }
}

@usableFromInline
final class StructuredValueBox: Sendable {
    let value: StructuredValue
    /// About how much memory it takes.
    let byteCount: Int

    init(_ value: StructuredValue) {
        self.value = value
        byteCount = value.heldByteCount
    }
}

extension StructuredValue {
    /// The bytes of texts and names, and what a value takes in an array or an object.
    fileprivate var heldByteCount: Int {
        let own = MemoryLayout<StructuredValue>.stride
        return switch self {
        case .null, .boolean: own
        case .integer, .double, .timestamp: own + 32
        case .decimal(let text), .string(let text): own + 32 + text.utf8.count
        case .bytes(let bytes): own + 32 + bytes.count
        case .array(let values): values.reduce(own + 32) { $0 + $1.heldByteCount }
        case .object(let object):
            object.members.reduce(own + 32) {
                $0 + MemoryLayout<String>.stride + $1.name.utf8.count + $1.value.heldByteCount
            }
        }
    }
}

extension RecordData: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// A text.
    public init(stringLiteral text: String) { self = .text(text) }
}

extension RecordData: Hashable {
    /// Whether form and payload are the same; JSON is not compared by its meaning.
    public static func == (left: RecordData, right: RecordData) -> Bool {
        left.form == right.form && left.payload == right.payload && left.value?.value == right.value?.value
    }

    /// Hashes form and payload.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(form)
        hasher.combine(payload)
        hasher.combine(value?.value)
    }
}

extension RecordData: CustomStringConvertible {
    /// The form and the size only: the payload may be confidential.
    public var description: String { form == .absent ? "absent" : "\(form), \(bytes.count) bytes" }
}
