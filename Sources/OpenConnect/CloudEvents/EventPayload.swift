// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// The data of a record as an event has it, and what has to be noted besides so that the way back gives the same form.
struct EventPayload {
    var data: EventData
    var contentType: String?
    /// The form of the record's data where kind and content type of the event's do not tell it.
    var form: RecordData.Form?

    init(_ data: EventData, contentType: String?, form: RecordData.Form? = nil) {
        self.data = data
        self.contentType = contentType
        self.form = form
    }

    /// Data and content type that agree, so that any format can carry them and any reader takes them for what they are.
    ///
    /// See ``ConnectorRecord/event(defaults:options:)`` for the table.
    init(_ data: RecordData, contentType: String?, options: EventOptions) throws {
        switch data.form {
        case .absent:
            self.init(.absent, contentType: contentType)
        case .bytes:
            let isReadable = options.contains(.readableData)
            self.init(
                isReadable ? ContentClass(contentType).readable(data.payload) : .binary(data.payload),
                contentType: contentType
            )
        case .text:
            let contentType = contentType ?? "text/plain"
            let isDisputed = Self.isDisputed(.text, contentType, data.payload)
            self.init(
                EventData(unchecked: isDisputed ? .binary : .text, data.payload),
                contentType: contentType,
                form: isDisputed ? .text : nil
            )
        case .json:
            self.init(json: data.payload, contentType: contentType, form: nil)
        case .structured:
            self.init(json: try data.structured.validatedJSON(), contentType: contentType, form: .structured)
        }
    }

    /// JSON, or the text of it where the content type says something else.
    private init(json: SharedBytes, contentType: String?, form: RecordData.Form?) {
        let isDisputed = Self.isDisputed(.json, contentType, json)
        self.init(
            EventData(unchecked: isDisputed ? .text : .json, json),
            contentType: contentType,
            form: form ?? (isDisputed ? .json : nil)
        )
    }

    /// Whether content type and kind of data disagree: such an event can be made and changed in memory, but no JSON
    /// format can carry it (J5, J7), or a reader takes the data for something else (J6).
    static func isDisputed(_ kind: EventData.Kind, _ contentType: String?, _ bytes: SharedBytes) -> Bool {
        switch kind {
        case .absent, .binary: return false
        case .json: return contentType.map { !MediaType.isJSON($0) } ?? false
        case .text:
            guard let contentType else { return true }
            return MediaType.isJSON(contentType) && !isWholeJSON(bytes)
        }
    }

    /// Whether bytes are the text of one JSON value and nothing around it.
    static func isWholeJSON(_ bytes: SharedBytes) -> Bool {
        (try? EventData.json(bytes))?.bytes.count == bytes.count
    }
}
