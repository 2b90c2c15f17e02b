// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Orders of a shop.
enum BenchRows {
    /// How the records hold their data.
    enum Form: String, CaseIterable { case structured, json }

    static let columns = "id bigint, customer text, amount numeric, placed timestamptz, isPaid boolean, note text"

    private static func customer(_ row: Int) -> String { "customer-\(row * 7919 % 100_003)" }
    private static func amount(_ row: Int) -> String { "\(row % 1000).\(10 + row % 90)" }
    private static func placed(_ row: Int) -> String { "2026-11-\(10 + row % 20)T12:\(10 + row % 50):00Z" }
    private static func note(_ row: Int) -> String { "delivered to the neighbour, parcel \(row)" }

    /// The row as COPY reads it.
    static func line(_ row: Int) -> String {
        "\(row)\t\(customer(row))\t\(amount(row))\t\(placed(row))\t\(row % 3 == 0 ? "t" : "f")\t\(note(row))\n"
    }

    static func records(_ count: Int, _ form: Form) throws -> [ConnectorRecord] {
        try (0..<count).map { row in
            let data: StructuredObject = [
                "id": .integer(Int64(row)), "customer": .string(customer(row)), "amount": .decimal(amount(row)),
                "placed": .string(placed(row)), "ispaid": .boolean(row % 3 == 0), "note": .string(note(row)),
            ]
            let value = StructuredValue.object(data)
            return ConnectorRecord(
                form == .json ? try .json(value.json) : .structured(value),
                offset: RecordOffset(Int64(row))
            )
        }
    }
}
