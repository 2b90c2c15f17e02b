// SPDX-License-Identifier: Apache-2.0

/// Puts numbers and texts of the offset log in a row: numbers in little-endian order, texts with their length before them.
struct OffsetLogWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(counted content: some Collection<UInt8>) {
        append(UInt32(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func append(_ text: String) { append(counted: text.utf8) }

    mutating func append(_ text: String?) {
        append(UInt8(text == nil ? 0 : 1))
        if let text { append(text) }
    }
}

/// Takes apart what ``OffsetLogWriter`` put in a row. Every call gives `nil`, and moves nothing, where the bytes do not
/// hold what is asked for.
struct OffsetLogReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
        let size = MemoryLayout<Number>.size
        guard let bytes = take(size) else { return nil }
        return Number(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Number.self) })
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func counted() -> ArraySlice<UInt8>? {
        guard let count = number(UInt32.self) else { return nil }
        return take(Int(count))
    }

    mutating func text() -> String? {
        counted().flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A text that may be missing: the outer `nil` is damage.
    mutating func optionalText() -> String?? {
        switch number(UInt8.self) {
        case 0: .some(nil)
        case 1: text().map { .some($0) }
        default: nil
        }
    }

    /// As many elements as the number before them says.
    mutating func list<Element>(_ element: (inout OffsetLogReader) -> Element?) -> [Element]? {
        guard let count = number(UInt32.self) else { return nil }
        var elements: [Element] = []
        for _ in 0..<count {
            guard let next = element(&self) else { return nil }
            elements.append(next)
        }
        return elements
    }
}
