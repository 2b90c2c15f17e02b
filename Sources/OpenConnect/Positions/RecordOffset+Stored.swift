// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension RecordOffset {
    // The numbers are on disks: they are never given a new meaning.
    private static let storedNone: UInt8 = 0
    private static let storedSequence: UInt8 = 1
    private static let storedText: UInt8 = 2
    private static let storedEncoded: UInt8 = 3

    /// The offset as bytes, for a store: a byte for the form, then numbers in little-endian order, then text.
    package var stored: [UInt8] {
        switch form {
        case .none: [Self.storedNone]
        case .sequence: [Self.storedSequence] + Self.bytes(of: first) + Self.bytes(of: second)
        case .shortText, .text: [Self.storedText] + Array((text ?? "").utf8)
        case .encoded:
            [Self.storedEncoded] + Self.bytes(of: Int64(large?.version ?? 0)) + Array(large?.bytes ?? SharedBytes())
        }
    }

    /// The offset that ``stored`` gave the bytes for, or `nil` where they are something else.
    package init?(stored bytes: ArraySlice<UInt8>) {
        guard let kind = bytes.first else { return nil }
        let rest = bytes.dropFirst()
        switch kind {
        case Self.storedNone where rest.isEmpty:
            self.init(form: .none, first: 0, second: 0, large: nil)
        case Self.storedSequence where rest.count == 16:
            let sequence = Int64(bitPattern: Self.number(in: rest.prefix(8)))
            self.init(sequence, incarnation: Self.number(in: rest.suffix(8)))
        case Self.storedText:
            guard let text = String(validating: rest, as: UTF8.self) else { return nil }
            self.init(text)
        case Self.storedEncoded where rest.count >= 8:
            guard let version = Int(exactly: Int64(bitPattern: Self.number(in: rest.prefix(8)))) else { return nil }
            let large = LargeOffset(bytes: SharedBytes(rest.dropFirst(8)), version: version)
            self.init(form: .encoded, first: 0, second: 0, large: large)
        default:
            return nil
        }
    }

    private static func bytes(of number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    private static func number(in bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
