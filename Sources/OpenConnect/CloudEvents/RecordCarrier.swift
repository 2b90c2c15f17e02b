// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What a record has and CloudEvents has no attribute for, as the text of one extension attribute: fields of the form
/// `name=value`, joined by `&`, in a fixed order, percent-encoded.
struct RecordCarrier {
    /// What the carrier says about the key.
    enum Key: Equatable {
        /// Nothing: the key is the attribute `partitionkey`, if there is one.
        case unsaid
        /// There is no key; `partitionkey` is an attribute like any other.
        case none
        case value(RecordData)
    }

    var key = Key.unsaid
    var timestamp: RecordTimestamp?
    var deliveryAttempt: Int?
    var form: RecordData.Form?
    var headers: [RecordHeader] = []

    /// The text of a carrier that only says: there is nothing, whatever the attributes below look like.
    static let nothing = "plain"

    var isEmpty: Bool {
        key == .unsaid && timestamp == nil && deliveryAttempt == nil && form == nil && headers.isEmpty
    }

    func text() throws -> String {
        var fields: [String] = []
        switch key {
        case .unsaid: break
        case .none: fields.append("key=none")
        case .value(let data): fields.append("key=" + (try Self.text(of: data)))
        }
        if let timestamp { fields.append("timestamp=" + (try Timestamp(timestamp).description)) }
        if let deliveryAttempt { fields.append("attempt=\(deliveryAttempt)") }
        if let form { fields.append("data=\(form)") }
        for header in headers {
            fields.append("header=" + PercentText.encode(header.name) + ":" + PercentText.encode(header.value))
        }
        return fields.isEmpty ? Self.nothing : fields.joined(separator: "&")
    }

    /// A key with its form: `text:abc`, `bytes:%00`.
    private static func text(of data: RecordData) throws -> String {
        let bytes = data.form == .structured ? try data.structured.validatedJSON() : data.payload
        return "\(data.form):" + PercentText.encode(bytes)
    }

    init() {}

    /// Reads the text of a carrier, or gives `nil` where ``text()`` would not have written it.
    init?(_ text: String) {
        if text != Self.nothing {
            for field in text.split(separator: "&", omittingEmptySubsequences: false) {
                guard read(field) else { return nil }
            }
        }
        guard let canonical = try? self.text(), canonical.utf8.elementsEqual(text.utf8) else { return nil }
    }

    private mutating func read(_ field: Substring) -> Bool {
        guard let separator = field.firstIndex(of: "=") else { return false }
        let value = field[field.index(after: separator)...]
        switch field[..<separator] {
        case "key":
            guard let key = Self.key(value) else { return false }
            self.key = key
        case "timestamp":
            guard let time = try? Timestamp(String(value)) else { return false }
            timestamp = RecordTimestamp(time)
        case "attempt": deliveryAttempt = Int(value)
        case "data": form = RecordData.Form(name: value)
        case "header":
            guard let header = Self.header(value) else { return false }
            headers.append(header)
        default: return false
        }
        return true
    }

    private static func header(_ text: Substring) -> RecordHeader? {
        guard let colon = text.firstIndex(of: ":"), let name = PercentText.decode(text[..<colon]),
            let value = PercentText.decode(text[text.index(after: colon)...]), let name = String(validatingUTF8: name)
        else { return nil }
        return RecordHeader(name, value)
    }

    private static func key(_ text: Substring) -> Key? {
        if text == "none" { return Key.none }
        guard let colon = text.firstIndex(of: ":"), let form = RecordData.Form(name: text[..<colon]),
            let bytes = PercentText.decode(text[text.index(after: colon)...]),
            let data = RecordData(form, restoring: bytes)
        else { return nil }
        return .value(data)
    }
}

extension RecordData.Form {
    init?(name: Substring) {
        switch name {
        case "absent": self = .absent
        case "bytes": self = .bytes
        case "text": self = .text
        case "json": self = .json
        case "structured": self = .structured
        default: return nil
        }
    }
}

extension RecordData {
    /// Data of a form from its bytes, or `nil` where data of that form would not have been written as these bytes.
    init?(_ form: Form, restoring bytes: SharedBytes) {
        switch form {
        case .absent:
            guard bytes.isEmpty else { return nil }
            self = .absent
        case .bytes:
            self = .bytes(bytes)
        case .text:
            guard let text = RecordData.text(utf8: bytes) else { return nil }
            self = text
        case .json:
            guard EventPayload.isWholeJSON(bytes) else { return nil }
            self = .json(checked: bytes)
        case .structured:
            guard let value = try? StructuredValue(json: bytes), value.json == bytes else { return nil }
            self = .structured(value)
        }
    }
}

extension RecordTimestamp {
    /// The same instant, or `nil` where 64 bits of nanoseconds do not reach that far.
    init?(_ timestamp: Timestamp) {
        // Counted from the side of zero, so that the lowest instant does not overflow on the way.
        let isBefore1970 = timestamp.secondsSince1970 < 0
        let whole = isBefore1970 ? timestamp.secondsSince1970 + 1 : timestamp.secondsSince1970
        let fraction = Int64(timestamp.nanoseconds) - (isBefore1970 ? 1_000_000_000 : 0)
        let (seconds, tooFar) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (nanoseconds, over) = seconds.addingReportingOverflow(fraction)
        guard !tooFar, !over else { return nil }
        self.init(nanosecondsSince1970: nanoseconds)
    }
}

extension Timestamp {
    /// The same instant in UTC.
    init(_ timestamp: RecordTimestamp) throws(CloudEventError) {
        let (quotient, remainder) = timestamp.nanosecondsSince1970.quotientAndRemainder(dividingBy: 1_000_000_000)
        let borrows = remainder < 0
        try self.init(
            secondsSince1970: borrows ? quotient - 1 : quotient,
            nanoseconds: Int32(borrows ? remainder + 1_000_000_000 : remainder)
        )
    }
}
