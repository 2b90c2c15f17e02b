// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A place in a partition, in terms that only the source understands.
///
/// A sequence number and a text of up to 15 bytes cost no allocation; a longer text and any `Codable` value are kept in
/// an object of their own.
public struct RecordOffset: Sendable {
    @usableFromInline
    enum Form: UInt8, Sendable {
        case none, sequence, shortText, text, encoded

        @inlinable var isLarge: Bool { rawValue >= Form.text.rawValue }
    }

    @usableFromInline var form: Form
    @usableFromInline var first: Int64
    @usableFromInline var second: UInt64
    @usableFromInline let large: LargeOffset?

    @inlinable
    init(form: Form, first: Int64, second: UInt64, large: LargeOffset?) {
        self.form = form
        self.first = first
        self.second = second
        self.large = large
    }

    /// A sequence number.
    ///
    /// - Parameters:
    ///   - sequence: a byte offset, a key, a log position.
    ///   - incarnation: what the number counts in, where that changes while the partition stays the same: the identity
    ///     of a rotated file, the epoch of a log's leader, a timeline.
    @inlinable
    public init(_ sequence: Int64, incarnation: UInt64 = 0) {
        self.init(form: .sequence, first: sequence, second: incarnation, large: nil)
    }

    /// A text: an identifier, a token, a cursor.
    public init(_ text: String) {
        let count = text.utf8.count
        guard count <= Self.longestShortText else {
            self.init(form: .text, first: 0, second: 0, large: LargeOffset(bytes: SharedBytes(utf8: text), version: 0))
            return
        }
        var first: UInt64 = 0
        var second = UInt64(count) << 56
        for (index, byte) in text.utf8.enumerated() {
            if index < 8 {
                first |= UInt64(byte) << (8 * UInt64(index))
            } else {
                second |= UInt64(byte) << (8 * UInt64(index - 8))
            }
        }
        self.init(form: .shortText, first: Int64(bitPattern: first), second: second, large: nil)
    }

    static let longestShortText = 15

    /// The sequence number, if it is one.
    @inlinable
    public var sequence: Int64? { form == .sequence ? first : nil }

    /// What the sequence number counts in; 0 unless the source gave something.
    @inlinable
    public var incarnation: UInt64 { form == .sequence ? second : 0 }

    /// The text, if it is one.
    public var text: String? {
        switch form {
        case .shortText: String(decoding: shortTextBytes, as: UTF8.self)
        case .text: large.map { String(decodingUTF8: $0.bytes) }
        case .none, .sequence, .encoded: nil
        }
    }

    private var shortTextBytes: [UInt8] {
        let count = Int(second >> 56)
        let words = [UInt64(bitPattern: first), second]
        return (0..<count).map { index in
            UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(8 * (index % 8)))
        }
    }
}

@usableFromInline
final class LargeOffset: Sendable {
    let bytes: SharedBytes
    let version: Int

    init(bytes: SharedBytes, version: Int) {
        self.bytes = bytes
        self.version = version
    }
}

extension RecordOffset: Hashable {
    /// Whether both are the same place, in the same form.
    public static func == (left: RecordOffset, right: RecordOffset) -> Bool {
        guard left.form == right.form, left.first == right.first, left.second == right.second else { return false }
        return left.large?.version == right.large?.version && left.large?.bytes == right.large?.bytes
    }

    /// Hashes the place.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(first)
        hasher.combine(second)
        hasher.combine(large?.bytes)
    }
}

extension RecordOffset: CustomStringConvertible {
    /// The number, the text in quotes, or the encoded value.
    public var description: String {
        switch form {
        case .none: "none"
        case .sequence: second == 0 ? String(first) : "\(first) in \(String(second, radix: 16))"
        case .shortText, .text: "\"\(text ?? "")\""
        case .encoded: large.map { String(decodingUTF8: $0.bytes) } ?? ""
        }
    }
}
