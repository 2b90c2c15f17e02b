// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// What the records of a ``GeneratorSource`` carry.
public struct GeneratedPayload: Sendable {
    enum Form: Sendable {
        case text(ClosedRange<Int>)
        case bytes(ClosedRange<Int>)
        case structured(ClosedRange<Int>)
        case custom(@Sendable (GeneratedRecord) -> RecordData)
    }

    let form: Form

    /// Texts of a number of bytes: partition and number of the record, as far as there is room, and letters behind them.
    public static func text(bytes count: Int) -> GeneratedPayload { text(bytes: count...count) }

    /// Texts of different sizes in bytes.
    public static func text(bytes range: ClosedRange<Int>) -> GeneratedPayload {
        GeneratedPayload(form: .text(range.bounded))
    }

    /// Random bytes of a number.
    public static func bytes(count: Int) -> GeneratedPayload { bytes(count: count...count) }

    /// Random bytes of different numbers.
    public static func bytes(count range: ClosedRange<Int>) -> GeneratedPayload {
        GeneratedPayload(form: .bytes(range.bounded))
    }

    /// Objects as JSON has them: `partition`, `number`, `name`, `price`, `inStock`, `tags`, and a `text` of a size in bytes.
    public static func structured(textBytes range: ClosedRange<Int> = 0...64) -> GeneratedPayload {
        GeneratedPayload(form: .structured(range.bounded))
    }

    /// Whatever a closure makes. So that a replay is the same, nothing else may come in.
    public static func custom(_ make: @escaping @Sendable (GeneratedRecord) -> RecordData) -> GeneratedPayload {
        GeneratedPayload(form: .custom(make))
    }
}

extension ClosedRange<Int> {
    fileprivate var bounded: ClosedRange<Int> {
        Swift.min(Swift.max(0, lowerBound), 1 << 30)...Swift.min(Swift.max(0, upperBound), 1 << 30)
    }
}
