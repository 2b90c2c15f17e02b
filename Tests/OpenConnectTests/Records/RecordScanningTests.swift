// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

/// Fields that are read where they lie, against the same asked of the records.
@Suite("Record scanning")
struct RecordScanningTests {
    private static let offsets: [RecordOffset?] = [
        nil, RecordOffset(7), RecordOffset(7, incarnation: 3), RecordOffset("short"),
        RecordOffset("a text of more than 15 bytes"), try? RecordOffset(encoding: ["lsn": 1]),
    ]

    private static func records(_ random: inout SeededGenerator) -> [ConnectorRecord] {
        let partitions = [RecordPartition.single, RecordPartition("a"), RecordPartition("a"), RecordPartition("b")]
        let data: [RecordData] = [
            .text("abc"), .bytes(SharedBytes([1])), .absent,
            .structured(.object(["a": .integer(1), "b": .string("text")])),
        ]
        return (0..<1 + random.below(30)).map { _ in
            ConnectorRecord(
                random.pick(data),
                partition: random.pick(partitions.dropLast(random.below(4))),
                offset: random.pick(offsets)
            )
        }
    }

    @Test("A run is as long as the records carry one partition object, and holds what they hold", arguments: 0..<300)
    func runs(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let records = Self.records(&random)
        var start = 0
        while start < records.count {
            let same = records[start...].prefix { $0.partition.isIdentical(to: records[start].partition) }
            let (run, unitEnd) = records.withUnsafeBufferPointer { buffer in
                let base = buffer.baseAddress!
                let run = base.scanRun(from: start, count: buffer.count)
                return (run, base.lastUnitEnd(from: start, to: run.end))
            }
            #expect(run.end == same.endIndex)
            #expect(run.bytes == same.reduce(0) { $0 + $1.heldCount })
            #expect(unitEnd == same.lastIndex { $0.offset != nil })
            start = same.endIndex
        }
    }

    @Test("An offset is written over another one only where neither needs an object", arguments: offsets, offsets)
    func overwriting(old: RecordOffset?, new: RecordOffset?) {
        let old = old ?? RecordOffset(0)
        var offset = old
        let isSmall = [old, new].allSatisfy { $0.map { $0.sequence != nil || $0.text == "short" } ?? false }
        let isWritten = [ConnectorRecord(.absent, offset: new)].withUnsafeBufferPointer {
            $0.baseAddress!.overwriteSmallOffset(&offset, at: 0)
        }
        #expect(isWritten == isSmall)
        #expect(offset == (isSmall ? new : old))
    }
}

extension SeededGenerator {
    fileprivate mutating func pick<Element>(_ choices: ArraySlice<Element>) -> Element { pick(Array(choices)) }
}
