// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import PostgresConnector

@Suite struct TiedRowsTests {
    @Test func rowsOfOneKeyHaveIdsThatDoNotDependOnTheirOrder() {
        func ids(_ rows: [String]) -> Set<String> {
            var ties = TiedRows()
            return Set(rows.map { ties.id(of: SharedBytes(utf8: $0), ["7"], RecordPartition("t")) })
        }
        let first = ids(["a", "b", "a", "c"])
        #expect(first.count == 4)
        #expect(first == ids(["c", "a", "a", "b"]))
        #expect(first.isDisjoint(with: ids(["d"])))
    }
}
