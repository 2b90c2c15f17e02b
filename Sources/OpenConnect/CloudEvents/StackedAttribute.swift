// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A family of extension attributes that lie on one another: `name`, `namex`, `namexx`, …
///
/// The mapping between records and events keeps what CloudEvents has no place for in the topmost, the one with the longest
/// name. An event can have attributes of these names already, whatever their values: they stay as they are, and the
/// mapping puts its own on top. So nothing is ever overwritten or taken for something else.
struct StackedAttribute {
    let base: String

    static let record = StackedAttribute(base: "connectrecord")
    static let position = StackedAttribute(base: "connectposition")

    /// The attribute with the longest name.
    struct Top {
        let index: Int
        let value: AttributeValue
        /// Whether the mapping can have put it there: it lies directly on the next lower one.
        let isNext: Bool
    }

    func top(of extensions: [EventExtension]) -> Top? {
        var top: (index: Int, height: Int)?
        var below = 0
        for (index, element) in extensions.enumerated() {
            let height = self.height(of: element.name)
            guard height > 0 else { continue }
            if height > top?.height ?? 0 {
                below = top?.height ?? 0
                top = (index, height)
            } else {
                below = max(below, height)
            }
        }
        guard let top else { return nil }
        return Top(index: top.index, value: extensions[top.index].value, isNext: top.height == below + 1)
    }

    /// Puts a value on top.
    func push(_ value: String, to extensions: inout [EventExtension]) throws {
        let height = extensions.reduce(0) { max($0, self.height(of: $1.name)) }
        let name = try AttributeName(base + String(repeating: "x", count: height))
        extensions.append(EventExtension(name, .string(value)))
    }

    /// 1 for the base, 2 with one `x` behind it, and so on; 0 for any other name.
    private func height(of name: AttributeName) -> Int {
        let bytes = name.string.utf8
        guard bytes.starts(with: base.utf8) else { return 0 }
        let suffix = bytes.dropFirst(base.utf8.count)
        return suffix.allSatisfy { $0 == UInt8(ascii: "x") } ? suffix.count + 1 : 0
    }
}
