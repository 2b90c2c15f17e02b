// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A record's data in a form that every sink and every format keeps byte by byte, and that people can read.
///
/// Data that is text goes as text, under its own content type where that is not JSON, and else under `text/plain`. Only JSON
/// on one line goes as JSON: what stands between its tokens may be changed where events are written. Anything else goes
/// as bytes.
struct LetterPayload {
    let data: RecordData
    let contentType: String?
    /// For a structured value: what its JSON does not tell.
    let types: String

    private static let plainText = "text/plain"

    init(_ data: RecordData, contentType: String?) {
        var types = ""
        switch data.form {
        case .absent:
            self.init(data, contentType, types)
        case .structured:
            let json = data.bytes
            if let value = try? data.structured, let read = try? StructuredValue(json: json) {
                types = StructuredTypes.text(of: value, readAs: read)
            }
            self.init(text: json, contentType ?? "application/json", types)
        case .json:
            self.init(text: data.payload, contentType ?? "application/json", types)
        case .bytes, .text:
            if data.payload.withUnsafeBytes(isValidUTF8) {
                self.init(text: data.payload, contentType ?? Self.plainText, types)
            } else {
                self.init(data, contentType, types)
            }
        }
    }

    private init(_ data: RecordData, _ contentType: String?, _ types: String) {
        self.data = data
        self.contentType = contentType
        self.types = types
    }

    private init(text: SharedBytes, _ contentType: String, _ types: String) {
        guard MediaType.isJSON(contentType) else {
            self.init(RecordData(form: .text, payload: text), contentType, types)
            return
        }
        let isLine = !text.withUnsafeBytes(CloudEventLineEncoder.hasLineBreak)
        if isLine, EventPayload.isWholeJSON(text) {
            self.init(.json(checked: text), contentType, types)
        } else {
            self.init(RecordData(form: .text, payload: text), Self.plainText, types)
        }
    }

    /// The data in the form in which the record held it; where that cannot be, its bytes.
    static func restore(_ bytes: SharedBytes, _ form: RecordData.Form, types: String) -> RecordData {
        switch form {
        case .absent: return .absent
        case .bytes: return .bytes(bytes)
        case .text: return .text(utf8: bytes) ?? .bytes(bytes)
        case .json: return (try? EventData.json(bytes)) == nil ? .bytes(bytes) : .json(checked: bytes)
        case .structured:
            guard let value = try? StructuredValue(json: bytes) else { return .bytes(bytes) }
            return .structured(StructuredTypes.restore(value, types))
        }
    }
}
