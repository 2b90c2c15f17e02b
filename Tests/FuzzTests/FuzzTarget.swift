// SPDX-License-Identifier: Apache-2.0

@testable import CloudEventsCodec

/// Something that takes any bytes: what `dev/fuzz` runs, and what replays its findings.
///
/// A check must not trap, whatever the bytes, and what it says about those that are valid has to be true.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// The name on the command line and of the folders with seeds and findings.
    let name: String
    /// The kinds of vectors whose inputs are good to begin with.
    let vectors: [String]
    /// Writes a generated event in the form that the target reads, to begin with too.
    let write: (@Sendable (CloudEvent) throws -> SharedBytes)?
    /// Texts to begin with.
    let texts: [String]
    /// Throws where a property does not hold.
    let check: @Sendable (SharedBytes) throws -> Void

    init(
        _ name: String,
        vectors: [String] = [],
        write: (@Sendable (CloudEvent) throws -> SharedBytes)? = nil,
        texts: [String] = [],
        check: @escaping @Sendable (SharedBytes) throws -> Void
    ) {
        self.name = name
        self.vectors = vectors
        self.write = write
        self.texts = texts
        self.check = check
    }

    var description: String { name }

    /// All targets: a new decoder or parser is one line more, in whichever library it is.
    static let all: [FuzzTarget] = [
        .event("json", JSONEventFormat(), vectors: ["json-structured", "json-structured-v03"]),
        .batch("json-batch", JSONEventFormat(), vectors: ["json-batch"]),
        .event("xml", XMLEventFormat(), vectors: ["xml-event"]),
        .batch("xml-batch", XMLEventFormat(), vectors: ["xml-batch"]),
        .event("protobuf", ProtobufEventFormat(), vectors: ["protobuf-event"]),
        .batch("protobuf-batch", ProtobufEventFormat(), vectors: ["protobuf-batch"]),
        .event("avro", AvroEventFormat(), vectors: ["avro-event"]),
        FuzzTarget("http", vectors: ["http-binary", "http-structured", "http-batch"], check: checkHTTP),
        FuzzTarget("header-value", vectors: ["header-decoding", "header-encoding"], check: checkHeaderValue),
        FuzzTarget("kafka", vectors: ["kafka-binary", "kafka-structured"], check: checkKafka),
        FuzzTarget("amqp", vectors: ["amqp-binary", "amqp-structured"], check: checkAMQP),
        FuzzTarget("mqtt", vectors: ["mqtt5-binary"], check: checkMQTT),
        FuzzTarget("nats", vectors: ["nats-binary"], check: checkNATS),
        FuzzTarget("json-reader", vectors: ["json-structured", "string"], check: checkJSONReader),
        FuzzTarget("attribute-list", vectors: ["http-binary", "nats-binary"], check: checkAttributeList),
        FuzzTarget("extensions", vectors: ["extension-validate"], check: checkExtensions),
        FuzzTarget("received-data", vectors: ["http-binary"], check: checkReceivedData),
        FuzzTarget("timestamp", vectors: ["timestamp", "timestamp-same-instant"], check: checkTimestamp),
        FuzzTarget("uri", vectors: ["uri", "uri-reference"], check: checkURI),
        FuzzTarget("media-type", vectors: ["media-type", "json-media-type", "http-mode"], check: checkMediaType),
        FuzzTarget("base64", vectors: ["binary"], check: checkBase64),
        FuzzTarget("attribute-name", vectors: ["attribute-name"], check: checkAttributeName),
        FuzzTarget("attribute-value", vectors: ["integer", "boolean", "binary"], check: checkAttributeValue),
        FuzzTarget("sql", vectors: ["cesql"], check: checkSQL),
        FuzzTarget("pattern", texts: patternTexts, check: checkPattern),
        FuzzTarget("subscription", texts: subscriptionTexts, check: checkSubscription),
        FuzzTarget("template", texts: templateTexts, check: checkTemplate),
        FuzzTarget("field", texts: fieldTexts, check: checkField),
        FuzzTarget("structured-value", texts: structuredValueTexts, check: checkStructuredValue),
        FuzzTarget("configuration", texts: configurationTexts, check: checkConfiguration),
        FuzzTarget("quantity", texts: quantityTexts, check: checkQuantity),
    ]
}

/// A property that does not hold.
struct FuzzFailure: Error, CustomStringConvertible {
    let description: String
}

extension FuzzTarget {
    /// Makes sure that a property holds.
    static func require(_ condition: @autoclosure () throws -> Bool, _ property: String) throws {
        guard (try? condition()) == true else { throw FuzzFailure(description: property) }
    }

    /// What holds for every event that a decoder made.
    static func check(_ event: CloudEvent) throws {
        try require(!event.description.isEmpty && !event.data.description.isEmpty, "an event describes itself")
        try require(event.detached() == event, "a detached event is equal")
        try require(event.detached().hashValue == event.hashValue, "equal events have equal hashes")
        for attribute in event.attributes {
            try require(
                event.canonicalBytes(of: attribute.name) == SharedBytes(utf8: attribute.value.canonicalString),
                "an attribute's bytes are its canonical text"
            )
        }
        try require(
            try CloudEvent(attributes: event.attributes, data: event.data) == event,
            "the list of an event's attributes makes the event"
        )
        try require(event.data.kind != .json || (try? EventData.json(event.data.bytes)) != nil, "JSON data is JSON")
        try require(event.data.kind != .text || event.data.text != nil, "text data is UTF-8")
        _ = event.extensionErrors().map(\.description)
    }
}

// MARK: - Formats

extension FuzzTarget {
    /// A format's decoder of single events: what it reads it can write, and is the same when read again.
    static func event(_ name: String, _ format: some EventFormat, vectors: [String] = []) -> FuzzTarget {
        FuzzTarget(name, vectors: vectors, write: { try format.encode($0) }) { bytes in
            guard let event = decoded({ () throws(CloudEventError) in try format.decode(bytes) }) else { return }
            try check(event)
            guard let written = decoded({ () throws(CloudEventError) in try format.encode(event) }) else { return }
            try require(try format.decode(written) == event, "what was written is read as the same event")
            try require(try format.encode(format.decode(written)) == written, "it is written the same again")
        }
    }

    /// A format's decoder of batches, with the same properties.
    static func batch(_ name: String, _ format: some EventFormat, vectors: [String] = []) -> FuzzTarget {
        FuzzTarget(name, vectors: vectors, write: { try format.encodeBatch([$0, $0]) }) { bytes in
            guard let events = decoded({ () throws(CloudEventError) in try format.decodeBatch(bytes) }) else { return }
            for event in events { try check(event) }
            guard let written = decoded({ () throws(CloudEventError) in try format.encodeBatch(events) }) else {
                return
            }
            try require(try format.decodeBatch(written) == events, "what was written is read as the same events")
        }
    }

    /// What was decoded, or nothing where it was refused, for which the reason describes itself.
    static func decoded<Value>(_ body: () throws(CloudEventError) -> Value) -> Value? {
        do throws(CloudEventError) {
            return try body()
        } catch {
            _ = error.description
            return nil
        }
    }
}

/// Headers and a body, from lines `name: value`, an empty line, and the rest.
struct FuzzMessage {
    var headers: [MessageHeader] = []
    var body = SharedBytes()

    init(_ bytes: SharedBytes) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = String(decodingUTF8: bytes.slice(start..<end))
            start = min(end + 1, bytes.count)
            if line.isEmpty { break }
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1] : ""
            headers.append(MessageHeader(String(parts[0]), String(value.first == " " ? value.dropFirst() : value)))
        }
        body = bytes.slice(start..<bytes.count)
    }
}
