// SPDX-License-Identifier: Apache-2.0

/// Makes JSON text of the maps, arrays and records that an event's data can be (V3).
///
/// What is open is a list instead of recursion: how deep it goes is the sender's choice.
struct AvroDataReader: ~Copyable {
    private let input: SharedBytes
    private let maximumDepth: Int
    private var output: JSONWriter
    private var open: [Level] = []

    private struct Level {
        let container: AvroSchema.Container
        var blocks = AvroBlocks()
        var names = MemberNames()
        var isFirst = true
    }

    /// - Parameters:
    ///   - input: the whole input, which the caller keeps alive while this is used.
    ///   - maximumDepth: how many maps and arrays may be open at a time.
    init(input: SharedBytes, maximumDepth: Int) {
        self.input = input
        self.maximumDepth = maximumDepth
        output = JSONWriter(capacity: 256)
    }

    /// Reads a map or an array with all that is in it.
    consuming func json(
        _ container: AvroSchema.Container,
        _ reader: inout WireReader
    ) throws(CloudEventError) -> SharedBytes {
        try begin(container, reader)
        while var level = open.popLast() {
            guard try level.blocks.next(&reader) else {
                output.writeRaw(level.container.isArray ? UInt8(ascii: "]") : UInt8(ascii: "}"))
                continue
            }
            if !level.isFirst { output.writeRaw(UInt8(ascii: ",")) }
            level.isFirst = false
            if !level.container.isArray { try name(&level.names, &reader) }
            open.append(level)
            try value(in: level.container, &reader)
        }
        return output.finish()
    }

    private mutating func begin(_ container: AvroSchema.Container, _ reader: WireReader) throws(CloudEventError) {
        guard open.count < maximumDepth else {
            throw CloudEventError(
                .limitExceeded,
                "maps and arrays are nested deeper than the limit of \(maximumDepth)",
                attribute: "data",
                offset: reader.offset
            )
        }
        output.writeRaw(container.isArray ? UInt8(ascii: "[") : UInt8(ascii: "{"))
        open.append(Level(container: container))
    }

    private mutating func name(_ names: inout MemberNames, _ reader: inout WireReader) throws(CloudEventError) {
        let range = try reader.string()
        guard names.insert(input.slice(range)) else {
            throw CloudEventError(
                .invalidData,
                "a map in the data has a key twice",
                attribute: "data",
                offset: range.lowerBound,
                rule: "V3"
            )
        }
        output.writeString(utf8: UnsafeRawBufferPointer(rebasing: reader.bytes[range]))
        output.writeRaw(UInt8(ascii: ":"))
    }

    private mutating func value(
        in container: AvroSchema.Container,
        _ reader: inout WireReader
    ) throws(CloudEventError) {
        switch container {
        case .object:
            let branch: AvroSchema.Member = try reader.branch()
            switch branch {
            case .null: output.writeRaw("null")
            case .boolean: output.writeRaw(try reader.boolean() ? "true" : "false")
            case .record: try begin(.record, reader)
            case .double: output.writeNumber(try reader.finiteDouble())
            case .string: try output.writeString(from: &reader)
            }
        case .record:
            let branch: AvroSchema.InnerMember = try reader.branch()
            switch branch {
            case .null: output.writeRaw("null")
            case .boolean: output.writeRaw(try reader.boolean() ? "true" : "false")
            case .map: try begin(.recordMap, reader)
            case .array: try begin(.recordArray, reader)
            case .double: output.writeNumber(try reader.finiteDouble())
            case .string: try output.writeString(from: &reader)
            }
        case .recordMap, .recordArray:
            try begin(.record, reader)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func writeNumber(_ value: Double) {
        var text = AvroNumber.text(of: value)
        text.withUTF8 { writeRaw(UnsafeRawBufferPointer($0)) }
    }

    fileprivate mutating func writeString(from reader: inout WireReader) throws(CloudEventError) {
        let range = try reader.string()
        writeString(utf8: UnsafeRawBufferPointer(rebasing: reader.bytes[range]))
    }
}
