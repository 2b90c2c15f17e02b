// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// An error as a line for people, and as JSON for programs.
struct ErrorReport {
    let error: CloudEventError
    /// The number of the event, from 1 on.
    let event: Int
    let place: TextPlace?

    init(_ error: CloudEventError, event: Int, of input: EventInput) {
        self.error = error
        self.event = event
        place = error.offset.flatMap { input.places?[$0] }
    }

    /// `event 2: line 3, column 14: attribute time (T7): … [invalidValue]`
    var line: String {
        var text = "event \(event): "
        if let place {
            text += "line \(place.line), column \(place.column): "
        } else if let offset = error.offset {
            text += "byte \(offset): "
        }
        if let attribute = error.attribute { text += "attribute \(attribute)" + (error.rule == nil ? ": " : " ") }
        if let rule = error.rule { text += "(\(rule)): " }
        return text + error.message + " [\(error.code)]"
    }

    func write(to writer: inout JSONWriter) {
        var object = JSONObject(&writer)
        object.member("event", event, &writer)
        object.member("code", error.code.description, &writer)
        object.member("message", error.message, &writer)
        if let attribute = error.attribute { object.member("attribute", attribute, &writer) }
        if let rule = error.rule { object.member("rule", rule, &writer) }
        if let offset = error.offset { object.member("offset", offset, &writer) }
        if let place {
            object.member("line", place.line, &writer)
            object.member("column", place.column, &writer)
        }
        object.end(&writer)
    }
}

/// Writes an object with its commas.
struct JSONObject {
    private var isEmpty = true

    init(_ writer: inout JSONWriter) {
        writer.writeRaw("{")
    }

    /// Writes a member's name; the value comes next.
    mutating func name(_ name: String, _ writer: inout JSONWriter) {
        if !isEmpty { writer.writeRaw(",") }
        isEmpty = false
        writer.writeString(name)
        writer.writeRaw(":")
    }

    mutating func member(_ name: String, _ value: String, _ writer: inout JSONWriter) {
        self.name(name, &writer)
        writer.writeString(value)
    }

    mutating func member(_ name: String, _ value: Int, _ writer: inout JSONWriter) {
        self.name(name, &writer)
        writer.writeRaw(SharedBytes(utf8: String(value)))
    }

    mutating func member(_ name: String, _ value: Bool, _ writer: inout JSONWriter) {
        self.name(name, &writer)
        writer.writeRaw(value ? "true" : "false")
    }

    mutating func member<Element>(
        _ name: String,
        _ elements: [Element],
        _ writer: inout JSONWriter,
        _ write: (Element, inout JSONWriter) -> Void
    ) {
        self.name(name, &writer)
        writer.writeRaw("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { writer.writeRaw(",") }
            write(element, &writer)
        }
        writer.writeRaw("]")
    }

    func end(_ writer: inout JSONWriter) { writer.writeRaw("}") }
}
