// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A family of extension attributes: `name`, `name2`, `name3`, …
///
/// The mapping between records and events keeps what CloudEvents has no place for in the member with the highest number.
/// An event can have attributes of these names already, whatever their values: they stay as they are, and the
/// mapping takes the next number. So nothing is ever overwritten or taken for something else.
struct NumberedAttribute {
    let base: String

    static let record = NumberedAttribute(base: "connectrecord")
    static let position = NumberedAttribute(base: "connectposition")

    /// The member with the highest number.
    struct Top {
        let index: Int
        let value: AttributeValue
        /// Whether the mapping can have put it there: its number is the next one behind the others'.
        let isNext: Bool
    }

    func top(of extensions: [EventExtension]) -> Top? {
        var top: (index: Int, number: Int)?
        var second = 0
        for (index, element) in extensions.enumerated() {
            guard let number = number(of: element.name) else { continue }
            if number > top?.number ?? 0 {
                second = top?.number ?? 0
                top = (index, number)
            } else {
                second = max(second, number)
            }
        }
        guard let top else { return nil }
        return Top(index: top.index, value: extensions[top.index].value, isNext: top.number == second + 1)
    }

    /// Adds a value under the next number.
    func push(_ value: String, to extensions: inout [EventExtension]) throws {
        var highest = 0
        for element in extensions { highest = max(highest, number(of: element.name) ?? 0) }
        let name = try AttributeName(highest == 0 ? base : base + String(highest + 1))
        extensions.append(EventExtension(name, .string(value)))
    }

    /// The number of a member of the family: 1 without digits, else digits from 2 on, in the one form they are written.
    private func number(of name: AttributeName) -> Int? {
        guard name.string.hasPrefix(base) else { return nil }
        let digits = name.string.dropFirst(base.count)
        if digits.isEmpty { return 1 }
        // Far below the largest number, so that there always is a next one.
        guard digits.utf8.count <= 9, digits.first != "0", let number = Int(digits), number > 1 else { return nil }
        return number
    }
}
