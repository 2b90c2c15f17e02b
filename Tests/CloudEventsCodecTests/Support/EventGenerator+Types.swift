// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

extension EventGenerator {
    /// An event that may have extensions of all seven types.
    mutating func typedEvent() throws -> CloudEvent {
        var event = try event()
        if random.chance(40) { try event.setExtension("binext", to: .binary(SharedBytes(bytes()))) }
        if random.chance(40) { try event.setExtension("uriext", to: .uri("https://example.com/a%20b?c")) }
        if random.chance(40) { try event.setExtension("refext", to: .uriReference(pick(["", "#f", "../a"]))) }
        if random.chance(40) { try event.setExtension("timeext", to: .timestamp(try timestamp())) }
        if random.chance(20) {
            try event.setExtension("leapext", to: .timestamp(try Timestamp("2016-12-31T23:59:60.5Z")))
        }
        return event
    }
}

extension CloudEvent {
    /// The types of its extensions, for a binding that is told them.
    var extensionTypes: [AttributeName: AttributeType] {
        Dictionary(extensions.map { ($0.name, $0.value.type) }) { first, _ in first }
    }

    /// The event as it comes out of a message in binary mode: its data is bytes with a content type.
    func received(emptyIsAbsent: Bool = true) throws -> CloudEvent {
        var copy = self
        if data.kind == .json, dataContentType == nil { try copy.setDataContentType("application/json") }
        let isAbsent = data.isAbsent || (emptyIsAbsent && data.bytes.isEmpty)
        copy.data = isAbsent ? .absent : EventData(received: data.bytes, contentType: copy.dataContentType)
        return copy
    }
}
