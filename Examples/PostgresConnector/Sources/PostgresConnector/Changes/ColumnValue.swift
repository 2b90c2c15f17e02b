// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes structured values of the texts that types write.
enum ColumnValue {
    // The identifiers of the types that JSON has something better for than a text; they never change.
    private static let boolean: UInt32 = 16
    private static let integers: Set<UInt32> = [20, 21, 23, 26]
    private static let numbers: Set<UInt32> = [700, 701, 1700]
    private static let json: Set<UInt32> = [114, 3802]

    /// Numbers keep their digits; what JSON has no form for stays the text that its type reads again.
    static func value(_ text: String, of type: UInt32) -> StructuredValue {
        switch type {
        case boolean: return .boolean(text == "t")
        case _ where integers.contains(type):
            if let number = Int64(text) { return .integer(number) }
        case _ where numbers.contains(type):
            if text.utf8.allSatisfy({ $0 < UInt8(ascii: "A") || $0 == UInt8(ascii: "e") }) { return .decimal(text) }
        case _ where json.contains(type):
            if let value = try? StructuredValue(json: SharedBytes(utf8: text)) { return value }
        default: break
        }
        return .string(text)
    }
}
