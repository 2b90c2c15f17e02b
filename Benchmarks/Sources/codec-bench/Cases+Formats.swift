// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension Cases {
    static var formats: [LazyCase] {
        [
            ("protobuf-decode", { try decode($0, ProtobufEventFormat(), as: "protobuf-decode") }),
            ("protobuf-encode", { encode($0, ProtobufEventFormat(), as: "protobuf-encode") }),
            ("protobuf-batch-decode", { try decodeBatch($0, ProtobufEventFormat(), as: "protobuf-batch-decode") }),
            ("protobuf-batch-encode", { encodeBatch($0, ProtobufEventFormat(), as: "protobuf-batch-encode") }),
            ("avro-decode", { try decode($0, AvroEventFormat(), as: "avro-decode") }),
            ("avro-encode", { encode($0, AvroEventFormat(), as: "avro-encode") }),
            ("xml-decode", { try decode($0, XMLEventFormat(), as: "xml-decode") }),
            ("xml-encode", { encode($0, XMLEventFormat(), as: "xml-encode") }),
            ("xml-batch-decode", { try decodeBatch($0, XMLEventFormat(), as: "xml-batch-decode") }),
            ("xml-batch-encode", { encodeBatch($0, XMLEventFormat(), as: "xml-batch-encode") }),
        ]
    }

    private static func decode(
        _ inputs: Inputs,
        _ format: some EventFormat,
        as name: String
    ) throws -> BenchmarkCase {
        let bytes = try format.encode(inputs.event)
        return BenchmarkCase(name, input: Array(bytes)) { try format.decode(bytes) }
    }

    private static func encode(_ inputs: Inputs, _ format: some EventFormat, as name: String) -> BenchmarkCase {
        let event = inputs.event
        return BenchmarkCase(name) { try format.encode(event) }
    }

    private static func decodeBatch(
        _ inputs: Inputs,
        _ format: some EventFormat,
        as name: String
    ) throws -> BenchmarkCase {
        let bytes = try format.encodeBatch(inputs.events)
        return BenchmarkCase(name, events: inputs.events.count, input: Array(bytes)) { try format.decodeBatch(bytes) }
    }

    private static func encodeBatch(_ inputs: Inputs, _ format: some EventFormat, as name: String) -> BenchmarkCase {
        let events = inputs.events
        return BenchmarkCase(name, events: events.count) { try format.encodeBatch(events) }
    }
}
