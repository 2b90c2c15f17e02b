// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A case that is made when it is wanted, since some take time to make and some events have no form everywhere.
typealias LazyCase = (name: String, make: (Inputs) throws -> BenchmarkCase)

/// What is measured.
enum Cases {
    /// All cases in the order in which they are measured.
    static var all: [LazyCase] { json + formats + bindings }

    private static var json: [LazyCase] {
        [
            ("json-decode", { decode($0.payload, as: "json-decode") }),
            ("json-decode-shared", decodeShared),
            ("json-decode-strings", decodeStrings),
            ("json-encode", encode),
            ("json-encode-into", encodeInto),
            ("json-batch-decode", decodeBatch),
            ("json-batch-decode-shared", decodeBatchShared),
            ("json-batch-encode", encodeBatch),
            ("json-reject", reject),
        ] + Inputs.scripts.map { texts($0.name, $0.sentences) }
    }

    private static func texts(_ script: String, _ sentences: [String]) -> LazyCase {
        let name = "json-decode-16k-\(script)"
        return (name, { _ in decode(Inputs.event(with: sentences), as: name) })
    }
}

// MARK: - Reading

extension Cases {
    private static func decode(_ bytes: [UInt8], as name: String) -> BenchmarkCase {
        let json = JSONEventFormat()
        return BenchmarkCase(name, input: bytes) { try json.decode(bytes) }
    }

    private static func decodeShared(_ inputs: Inputs) -> BenchmarkCase {
        let (json, bytes) = (JSONEventFormat(), SharedBytes(inputs.payload))
        return BenchmarkCase("json-decode-shared", input: inputs.payload) { try json.decode(bytes) }
    }

    private static func decodeStrings(_ inputs: Inputs) -> BenchmarkCase {
        let (json, bytes) = (JSONEventFormat(), inputs.payload)
        let names = inputs.extensionNames
        return BenchmarkCase("json-decode-strings", input: bytes) {
            let event = try json.decode(bytes)
            consume(event.id)
            consume(event.source.string)
            consume(event.type)
            consume(event.subject)
            consume(event.canonicalString(of: .time))
            consume(event.dataContentType)
            consume(event.dataSchema?.string)
            for name in names { consume(event.canonicalString(of: name)) }
            return event
        }
    }

    private static func decodeBatch(_ inputs: Inputs) -> BenchmarkCase {
        let (json, bytes) = (JSONEventFormat(), inputs.batch)
        return BenchmarkCase("json-batch-decode", events: inputs.events.count, input: bytes) {
            try json.decodeBatch(bytes)
        }
    }

    private static func decodeBatchShared(_ inputs: Inputs) -> BenchmarkCase {
        let (json, bytes) = (JSONEventFormat(), SharedBytes(inputs.batch))
        return BenchmarkCase("json-batch-decode-shared", events: inputs.events.count, input: inputs.batch) {
            try json.decodeBatch(bytes)
        }
    }

    private static func reject(_ inputs: Inputs) throws -> BenchmarkCase {
        let (json, bytes) = (JSONEventFormat(), inputs.rejected)
        guard isRejected(bytes) else { throw BenchmarkError("the event with an error is read") }
        return BenchmarkCase("json-reject", input: bytes) {
            do throws(CloudEventError) { consume(try json.decode(bytes)) } catch { consume(error) }
        }
    }

    private static func isRejected(_ bytes: [UInt8]) -> Bool {
        do throws(CloudEventError) { consume(try JSONEventFormat().decode(bytes)) } catch { return true }
        return false
    }
}

// MARK: - Writing

extension Cases {
    private static func encode(_ inputs: Inputs) -> BenchmarkCase {
        let (json, event) = (JSONEventFormat(), inputs.event)
        return BenchmarkCase("json-encode") { try json.encode(event) }
    }

    private static func encodeInto(_ inputs: Inputs) -> BenchmarkCase {
        let (json, event) = (JSONEventFormat(), inputs.event)
        return BenchmarkCase(
            "json-encode-into",
            repeating: { repetitions in
                var output: [UInt8] = []
                for _ in 0..<repetitions {
                    output.removeAll(keepingCapacity: true)
                    try json.encode(event, into: &output)
                    consume(output)
                }
            }
        )
    }

    private static func encodeBatch(_ inputs: Inputs) -> BenchmarkCase {
        let (json, events) = (JSONEventFormat(), inputs.events)
        return BenchmarkCase("json-batch-encode", events: events.count) {
            try json.encodeBatch(events)
        }
    }
}
