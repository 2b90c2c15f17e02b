// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension EventForm {
    /// The forms that are event formats: those that the library has.
    static let formats: [EventForm] = [
        single("json", "application/cloudevents+json", isText: true, "One event in the JSON format."),
        batch("json-batch", "application/cloudevents-batch+json", isText: true, "A JSON array of events."),
        single("protobuf", "application/cloudevents+protobuf", "One event in the Protobuf format."),
        batch("protobuf-batch", "application/cloudevents-batch+protobuf", "A batch in the Protobuf format."),
        single("avro", "application/cloudevents+avro", "One event in the Avro format."),
        single("xml", "application/cloudevents+xml", isText: true, "One event in the XML format."),
        batch("xml-batch", "application/cloudevents-batch+xml", isText: true, "A batch in the XML format."),
    ].compactMap { $0 }

    private static func single(
        _ name: String,
        _ contentType: String,
        isText: Bool = false,
        _ summary: String
    ) -> EventForm? {
        guard let format = EventFormats.all().format(forContentType: contentType) else { return nil }
        return EventForm(
            name: name,
            summary: summary,
            isText: isText,
            capacity: .one,
            read: { bytes in [reading { () throws(CloudEventError) in try format.decode(bytes) }] },
            write: { events throws(CloudEventError) in
                // The caller has made sure that there is one.
                guard let event = events.first else { return SharedBytes() }
                return try ended(format.encode(event), isText: isText)
            }
        )
    }

    private static func batch(
        _ name: String,
        _ contentType: String,
        isText: Bool = false,
        _ summary: String
    ) -> EventForm? {
        guard let format = EventFormats.all().format(forBatchContentType: contentType) else { return nil }
        return EventForm(
            name: name,
            summary: summary,
            isText: isText,
            capacity: .many,
            read: { bytes in
                do throws(CloudEventError) {
                    return try format.decodeBatch(bytes).map { .success($0) }
                } catch {
                    let all = name == "json-batch" ? JSONElements.readings(in: bytes, format) : []
                    return all.contains(where: \.isFailure) ? all : [.failure(error)]
                }
            },
            write: { events throws(CloudEventError) in
                let bytes = try format.encodeBatch(events)
                try check(events.count, bytes.count, format.limits)
                return ended(bytes, isText: isText)
            }
        )
    }

    /// What this tool would refuse to read again, as others do, is not written.
    static func check(_ events: Int, _ bytes: Int, _ limits: CodecLimits) throws(CloudEventError) {
        guard events > limits.batchEvents || bytes > limits.batchBytes else { return }
        throw CloudEventError(
            .limitExceeded,
            "readers take batches of at most \(limits.batchEvents) events and \(limits.batchBytes >> 20) MiB, and this one "
                + "has \(events) events and \(bytes) bytes; write jsonl, or fewer at a time"
        )
    }

    static func reading(_ body: () throws(CloudEventError) -> CloudEvent) -> EventReading {
        do throws(CloudEventError) { return .success(try body()) } catch { return .failure(error) }
    }

    /// Text with the newline that ends it in a terminal and in a file.
    private static func ended(_ bytes: SharedBytes, isText: Bool) -> SharedBytes {
        isText ? SharedBytes(Array(bytes) + [UInt8(ascii: "\n")]) : bytes
    }
}

extension Result {
    var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}

/// Reads the elements of a JSON array one by one, so that every wrong event of a batch is told, not only the first.
private enum JSONElements {
    static func readings(in bytes: SharedBytes, _ format: any EventFormat) -> [EventReading] {
        let ranges = try? bytes.withUnsafeBytes { buffer throws(CloudEventError) in
            var reader = JSONReader(buffer, maximumDepth: format.limits.nestingDepth)
            var ranges: [Range<Int>] = []
            guard try reader.next() == .beginArray else { return ranges }
            while true {
                let range = try reader.skipValue()
                // The comma before an element is read together with it, and so is the end of the array.
                let start = buffer[range].firstIndex { ![0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ",")].contains($0) }
                guard let start, buffer[start] != UInt8(ascii: "]") else { break }
                ranges.append(start..<range.upperBound)
            }
            _ = try reader.next()
            return ranges
        }
        return (ranges ?? []).map { range in
            EventForm.reading { () throws(CloudEventError) in
                do throws(CloudEventError) { return try format.decode(bytes.slice(range)) } catch {
                    throw error.moved(by: range.lowerBound)
                }
            }
        }
    }
}
