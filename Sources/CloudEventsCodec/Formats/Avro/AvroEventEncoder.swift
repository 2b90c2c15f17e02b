// SPDX-License-Identifier: Apache-2.0

/// Writes events as records `CloudEvent` (V1).
enum AvroEventEncoder {
    static func write(_ event: CloudEvent, to writer: inout WireWriter) throws(CloudEventError) {
        let form = try AvroDataForm(event)
        var attributes = event.attributes
        if case .bytes = form { attributes = try event.attributesNamingJSON() }
        writer.long(Int64(attributes.count))
        for attribute in attributes {
            writer.string(attribute.name.string)
            write(attribute.value, to: &writer)
        }
        writer.long(0)
        switch form {
        case .null: writer.branch(AvroSchema.Data.null)
        case .bytes:
            writer.branch(AvroSchema.Data.bytes)
            writer.countedBytes(event.data.bytes)
        case .string:
            writer.branch(AvroSchema.Data.string)
            writer.countedBytes(event.data.bytes)
        case .json(let counts):
            try AvroDataWriter(event.data.bytes, counts: counts).write(to: &writer)
        }
    }

    /// Writes the value of an attribute: the types that Avro has as they are, the others as their text (V2).
    private static func write(_ value: AttributeValue, to writer: inout WireWriter) {
        switch value {
        case .boolean(let value):
            writer.branch(AvroSchema.Attribute.boolean)
            writer.byte(value ? 1 : 0)
        case .integer(let value):
            writer.branch(AvroSchema.Attribute.int)
            writer.long(Int64(value))
        case .binary(let value):
            writer.branch(AvroSchema.Attribute.bytes)
            writer.countedBytes(value)
        case .string, .uri, .uriReference, .timestamp:
            writer.branch(AvroSchema.Attribute.string)
            writer.string(value.canonicalString)
        }
    }
}

/// The form in which the data of an event is written (V3).
private enum AvroDataForm {
    case null
    case bytes
    case string
    /// The schema's JSON types, with the number of items of each object and array.
    case json(counts: [Int])

    init(_ event: CloudEvent) throws(CloudEventError) {
        switch event.data.kind {
        case .absent: self = .null
        case .binary: self = .bytes
        case .json: self = try Self.json(event.data.bytes)
        case .text where event.dataContentType == nil || !event.hasJSONContentType: self = .string
        case .text:
            // Text that is to be JSON is written as the value that it is, and text that is not JSON as its bytes.
            do throws(CloudEventError) {
                self = try Self.json(event.data.bytes)
            } catch {
                guard error.code != .notRepresentable else { throw error }
                self = .bytes
            }
        }
    }

    private static func json(_ text: SharedBytes) throws(CloudEventError) -> AvroDataForm {
        let plan = try AvroDataPlan(text)
        return plan.isCarried ? .json(counts: plan.counts) : .bytes
    }
}
