// SPDX-License-Identifier: Apache-2.0

/// Looks through JSON text once to learn whether the schema's types can carry it (V1, V3), and how many items each
/// object and array has, since Avro wants to know before the first one.
struct AvroDataPlan {
    /// Whether the schema's types can carry the value.
    private(set) var isCarried = true
    /// The number of items of each object and array, in the order in which they begin.
    private(set) var counts: [Int] = []
    private var open: [Level] = []

    private struct Level {
        /// Nothing where the schema has no place for the container itself.
        let container: AvroSchema.Container?
        let index: Int
        var names = MemberNames()
    }

    /// - Throws: ``CloudEventError`` with `notRepresentable` where an object has a member twice, or the reader's error
    ///   where the text is not JSON.
    init(_ text: SharedBytes) throws(CloudEventError) {
        defer { withExtendedLifetime(text) {} }
        var reader = JSONReader(text.unsafeBytes, maximumDepth: .max)
        while true {
            switch try reader.next() {
            case .end: return
            case .endObject, .endArray: _ = open.popLast()
            case .name(let name): try member(reader.utf8(name, in: text), at: name.range.lowerBound)
            case .beginObject:
                countElement()
                begin(isArray: false)
            case .beginArray:
                countElement()
                begin(isArray: true)
            case .number(let number):
                scalar()
                if isCarried { isCarried = AvroNumber.double(carrying: reader.rawBytes(number)) != nil }
            case .string, .boolean: scalar()
            case .null:
                scalar()
                // In place of the data, the schema's null is no data (J9).
                if open.isEmpty { isCarried = false }
            }
        }
    }

    private mutating func begin(isArray: Bool) {
        let container: AvroSchema.Container?
        if let outer = open.last {
            container = outer.container?.container(ofNested: isArray)
        } else {
            container = isArray ? .recordArray : .object
        }
        if container == nil { isCarried = false }
        open.append(Level(container: container, index: counts.count))
        counts.append(0)
    }

    /// A scalar has a place everywhere but where all items are records.
    private mutating func scalar() {
        countElement()
        if open.last?.container == .recordMap || open.last?.container == .recordArray { isCarried = false }
    }

    /// Counts an element of an array; members are counted by their names.
    private mutating func countElement() {
        guard let level = open.last, level.container?.isArray ?? false else { return }
        counts[level.index] += 1
    }

    private mutating func member(_ name: SharedBytes, at offset: Int) throws(CloudEventError) {
        guard let last = open.indices.last else { return }
        counts[open[last].index] += 1
        guard open[last].names.insert(name) else {
            throw CloudEventError(
                .notRepresentable,
                "an object in the data has a member twice; an Avro map has a key once",
                attribute: "data",
                offset: offset,
                rule: "V3"
            )
        }
    }
}

extension AvroSchema.Container {
    /// The container that an object or array becomes in this one, or nothing where there is none for it.
    func container(ofNested isArray: Bool) -> AvroSchema.Container? {
        switch self {
        case .object: isArray ? nil : .record
        case .record: isArray ? .recordArray : .recordMap
        case .recordMap, .recordArray: isArray ? nil : .record
        }
    }
}
