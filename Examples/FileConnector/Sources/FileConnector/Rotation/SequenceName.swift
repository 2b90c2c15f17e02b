// SPDX-License-Identifier: Apache-2.0

/// A name with numbers, as those have to which a symbolic link is moved on: `app-2026-01-02.log` comes after
/// `app-2026-01-01.log`, and `10.log` after `9.log`.
struct SequenceName {
    /// What stands between the numbers.
    private var texts: [[UInt8]] = [[]]
    private var numbers: [[UInt8]] = []

    init(_ name: String) {
        var isInNumber = false
        for byte in name.utf8 {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            if isDigit, !isInNumber { numbers.append([]) }
            if !isDigit, isInNumber { texts.append([]) }
            if isDigit { numbers[numbers.endIndex - 1].append(byte) } else { texts[texts.endIndex - 1].append(byte) }
            isInNumber = isDigit
        }
        if isInNumber { texts.append([]) }
    }

    /// Whether the names are the same but for their numbers, and those of this one are less.
    func precedes(_ other: SequenceName) -> Bool {
        guard texts == other.texts, numbers.count == other.numbers.count else { return false }
        let pairs = zip(numbers, other.numbers).lazy.map { (Self.significant($0), Self.significant($1)) }
        guard let (mine, others) = pairs.first(where: { !$0.elementsEqual($1) }) else { return false }
        return mine.count == others.count ? mine.lexicographicallyPrecedes(others) : mine.count < others.count
    }

    private static func significant(_ digits: [UInt8]) -> ArraySlice<UInt8> {
        digits.drop { $0 == UInt8(ascii: "0") }
    }
}
