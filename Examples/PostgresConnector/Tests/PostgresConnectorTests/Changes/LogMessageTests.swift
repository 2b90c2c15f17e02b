// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import PostgresConnector

@Suite struct LogMessageTests {
    private static func number<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private static func letter(_ letter: Unicode.Scalar) -> [UInt8] { [UInt8(ascii: letter)] }
    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    private static func value(_ text: String) -> [UInt8] {
        letter("t") + number(Int32(text.utf8.count)) + Array(text.utf8)
    }

    private static let row = number(UInt16(3)) + value("größe") + letter("n") + letter("u")
    private static let rowValues = LogRow(values: [.text("größe"), .null, .unchanged])

    private static let messages: [(bytes: [UInt8], message: LogMessage)] = {
        let relation = number(UInt32(7))
        let column = [1] + text("id") + number(UInt32(20)) + number(Int32(-1))
        let table = LogRelation(
            identifier: 7,
            schema: "public",
            name: "t",
            isFull: false,
            columns: [.init(name: "id", type: 20, isKey: true)]
        )
        return [
            (
                letter("B") + number(UInt64.max) + number(Int64(5)) + number(UInt32(9)),
                .begin(commit: .max, time: 5, transaction: 9)
            ),
            (
                letter("C") + [0] + number(UInt64(1)) + number(UInt64(2)) + number(Int64(-3)),
                .commit(end: 2, time: -3)
            ),
            (
                letter("R") + relation + text("public") + text("t") + letter("d") + number(UInt16(1)) + column,
                .relation(table)
            ),
            (letter("I") + relation + letter("N") + row, .insert(relation: 7, new: rowValues)),
            (letter("U") + relation + letter("N") + row, .update(relation: 7, old: nil, new: rowValues)),
            (
                letter("U") + relation + letter("K") + row + letter("N") + row,
                .update(relation: 7, old: rowValues, new: rowValues)
            ),
            (letter("D") + relation + letter("O") + row, .delete(relation: 7, old: rowValues)),
            (
                letter("T") + number(UInt32(2)) + [0] + number(UInt32(7)) + number(UInt32(8)),
                .truncate(relations: [7, 8])
            ),
        ]
    }()

    @Test(arguments: messages) func everyMessageIsRead(bytes: [UInt8], message: LogMessage) throws {
        #expect(try LogMessage(bytes) == message)
    }

    @Test(arguments: messages) func noMessageThatIsCutOffIsRead(bytes: [UInt8], message: LogMessage) {
        for count in 0..<bytes.count {
            #expect(throws: ConnectorError.self) { try LogMessage(Array(bytes[..<count])) }
        }
    }

    @Test(arguments: messages) func aDamagedMessageIsNoTrap(bytes: [UInt8], message: LogMessage) {
        for index in bytes.indices {
            for byte in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[index] = byte
                _ = try? LogMessage(damaged)
            }
        }
    }

    @Test(arguments: ["", "X", "Z1234", "IxxxxX", "UxxxxQ"]) func whatIsForeignIsRefused(text: String) {
        let error = #expect(throws: ConnectorError.self) { try LogMessage(Array(text.utf8)) }
        #expect(error?.code == .fatal)
    }
}
