// SPDX-License-Identifier: Apache-2.0

/// Writes JSON text, which an ``AvroDataPlan`` has found to fit, in the types of the schema (V3).
struct AvroDataWriter {
    private let text: SharedBytes
    private let counts: [Int]
    private var nextCount = 0
    private var open: [AvroSchema.Container] = []

    init(_ text: SharedBytes, counts: [Int]) {
        self.text = text
        self.counts = counts
    }

    consuming func write(to writer: inout WireWriter) throws(CloudEventError) {
        defer { withExtendedLifetime(text) {} }
        var reader = JSONReader(text.unsafeBytes, maximumDepth: .max)
        while true {
            switch try reader.next() {
            case .end: return
            case .name(let name): writer.countedBytes(reader.utf8(name, in: text))
            case .beginObject: begin(isArray: false, &writer)
            case .beginArray: begin(isArray: true, &writer)
            case .endObject, .endArray:
                // An empty container has no block before the end.
                writer.long(0)
                _ = open.popLast()
            case .string(let string):
                branch(.string, .string, .string, &writer)
                writer.countedBytes(reader.utf8(string, in: text))
            case .number(let number):
                branch(.double, .double, .double, &writer)
                writer.fixed64((AvroNumber.double(carrying: reader.rawBytes(number)) ?? 0).bitPattern)
            case .boolean(let value):
                branch(.boolean, .boolean, .boolean, &writer)
                writer.byte(value ? 1 : 0)
            case .null: branch(.null, .null, .null, &writer)
            }
        }
    }

    private mutating func begin(isArray: Bool, _ writer: inout WireWriter) {
        let container: AvroSchema.Container
        if let outer = open.last {
            container = outer.container(ofNested: isArray) ?? .record
        } else {
            container = isArray ? .recordArray : .object
        }
        branch(isArray ? .array : .map, .record, isArray ? .array : .map, &writer)
        open.append(container)
        let count = counts[nextCount]
        nextCount += 1
        if count > 0 { writer.long(Int64(count)) }
    }

    /// Writes the branch of a value by the place where it stands; where all items are records there is no union.
    private func branch(
        _ data: AvroSchema.Data,
        _ member: AvroSchema.Member,
        _ innerMember: AvroSchema.InnerMember,
        _ writer: inout WireWriter
    ) {
        switch open.last {
        case nil: writer.branch(data)
        case .object: writer.branch(member)
        case .record: writer.branch(innerMember)
        case .recordMap, .recordArray: break
        }
    }
}
