// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles
import Testing

@testable import ConnectRuntimeKit

@Suite("Offset log, as bytes")
struct OffsetLogFormatTests {
    /// A file, what it held after each entry, and where each entry ends.
    private struct Sample {
        var bytes = OffsetLogFormat.fileHeader
        var tables: [OffsetTable] = []
        var ends: [Int] = []

        mutating func append(_ body: OffsetLogBody) throws {
            var table = tables.last ?? OffsetTable()
            switch body {
            case .snapshot(let snapshot): table = snapshot
            case .entry(let entry): table.apply(entry)
            }
            bytes += try OffsetLogFormat.encode(body, sequence: 254 + UInt64(tables.count))
            tables.append(table)
            ends.append(bytes.count)
        }

        /// What is left of it, cut to a size.
        func table(cutTo size: Int) -> OffsetTable? {
            ends.lastIndex { $0 <= size }.map { tables[$0] }
        }
    }

    private let sample: Sample

    init() throws {
        var sample = Sample()
        var table = OffsetTable()
        let all = ClaimScope(connector: "orders")
        table.apply(.epoch(connector: "orders", 4))
        table.apply(.changes(all, .at(1, in: "a")))
        table.apply(.changes(all, OffsetChanges(checkpoints: ["out": SinkCheckpoint(SharedBytes([0, 0, 0]))])))
        try sample.append(.snapshot(table))
        try sample.append(.entry(.epoch(connector: "orders", 5)))
        try sample.append(.entry(.changes(all, .at(2, in: "a"))))
        let one = ClaimScope(connector: "returns", partition: RecordPartition("x"))
        let checkpoint = SinkCheckpoint(SharedBytes([UInt8](repeating: 0, count: 30)), version: 2)
        let changes = OffsetChanges(
            positions: [.at(0, in: "x")],
            removed: [RecordPartition("y")],
            checkpoints: ["s": checkpoint]
        )
        try sample.append(.entry(.changes(one, changes)))
        self.sample = sample
    }

    @Test("what was written is read")
    func roundTrip() throws {
        let content = try OffsetLogFormat.decode(sample.bytes)
        #expect(content.table == sample.tables.last)
        #expect(content.sequence == 257)
        #expect(content.validSize == sample.bytes.count)
    }

    @Test("S28: cut at every byte it is the state of the last whole entry, or damage before the first is whole")
    func cuts() {
        for size in 0..<sample.bytes.count {
            let content = try? OffsetLogFormat.decode(Array(sample.bytes[..<size]))
            #expect(content?.table == sample.table(cutTo: size), "cut to \(size)")
            #expect(content.map(\.validSize) == sample.ends.last { $0 <= size }, "cut to \(size)")
        }
    }

    @Test("S28: with any bit turned it is damage, never less than was saved")
    func flips() {
        for bit in 0..<sample.bytes.count * 8 {
            var bytes = sample.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: OffsetLogFormat.Damage.self, "bit \(bit % 8) of byte \(bit / 8)") {
                try OffsetLogFormat.decode(bytes)
            }
        }
    }

    @Test("S28: with any byte set to zero or to ones it is damage", arguments: [0, 0xFF] as [UInt8])
    func bytesSet(value: UInt8) {
        for index in sample.bytes.indices where sample.bytes[index] != value {
            var bytes = sample.bytes
            bytes[index] = value
            #expect(throws: OffsetLogFormat.Damage.self, "byte \(index)") { try OffsetLogFormat.decode(bytes) }
        }
    }

    @Test("S28: cut, and with a byte damaged before the cut, it is old or damage, never mixed")
    func cutsWithFlips() {
        for size in sample.ends[0]..<sample.bytes.count {
            for index in max(0, size - 24)..<size {
                var bytes = Array(sample.bytes[..<size])
                bytes[index] ^= 0xFF
                let table = (try? OffsetLogFormat.decode(bytes))?.table
                #expect(table == nil || table == sample.table(cutTo: index), "cut to \(size), byte \(index)")
            }
        }
    }

    @Test("pages that were never written are a torn append", arguments: [1, 19, 20, 21, 4096])
    func zeroTail(count: Int) throws {
        let content = try OffsetLogFormat.decode(sample.bytes + [UInt8](repeating: 0, count: count))
        #expect(content.table == sample.tables.last)
        #expect(content.validSize == sample.bytes.count)
    }

    @Test("an entry whose last sectors were never written is a torn append; one that lost a sector within is damage")
    func missingSectors() throws {
        let long = (0..<200).map { StoredPosition.at(Int64($0) + 1, in: "partition \($0)") }
        let body = OffsetLogBody.entry(.changes(ClaimScope(connector: "orders"), OffsetChanges(positions: long)))
        let entry = try OffsetLogFormat.encode(body, sequence: 258)
        let whole = sample.bytes + entry
        for sector in stride(from: 1024, to: whole.count, by: 512) {
            var bytes = whole
            for index in sector..<whole.count { bytes[index] = 0 }
            #expect(try OffsetLogFormat.decode(bytes).table == sample.tables.last, "zero from \(sector)")
            bytes = whole
            for index in sector - 512..<sector { bytes[index] = 0 }
            #expect(throws: OffsetLogFormat.Damage.self) { try OffsetLogFormat.decode(bytes) }
        }
    }

    @Test("S28: of several entries that were appended at once, those before the sectors never written are kept")
    func missingSectorsOfSeveral() throws {
        var several = sample
        for number in 1...200 {
            let changes = OffsetChanges.at(Int64(number), in: String(repeating: "p", count: number % 40))
            try several.append(.entry(.changes(ClaimScope(connector: "orders"), changes)))
        }
        let firstSector = (sample.bytes.count + 511) / 512 * 512
        for sector in stride(from: firstSector, to: several.bytes.count, by: 512) {
            let zeros = [UInt8](repeating: 0, count: several.bytes.count - sector)
            let content = try OffsetLogFormat.decode(several.bytes[..<sector] + zeros)
            #expect(content.table == several.table(cutTo: sector), "zero from \(sector)")
            #expect(content.validSize == several.ends.last { $0 <= sector })
        }
    }

    @Test("S28: a header of which a sector was never written is a torn append", arguments: 1..<20)
    func headerAcrossSectors(written: Int) throws {
        func padded(by size: Int) throws -> Sample {
            var padded = sample
            let changes = OffsetChanges.at(1, in: String(repeating: "p", count: size))
            try padded.append(.entry(.changes(ClaimScope(connector: "orders"), changes)))
            return padded
        }
        let padded = try padded(by: 1024 - written - padded(by: 0).bytes.count)
        try #require(padded.bytes.count == 1024 - written)
        var torn = padded
        try torn.append(.entry(.epoch(connector: "orders", 6)))
        let zeros = [UInt8](repeating: 0, count: torn.bytes.count - 1024)
        #expect(try OffsetLogFormat.decode(torn.bytes[..<1024] + zeros).validSize == padded.bytes.count)
        #expect(throws: OffsetLogFormat.Damage.self) {
            try OffsetLogFormat.decode(torn.bytes[..<1024] + zeros + [1])
        }
    }

    @Test("bytes behind the end that no append leaves there are damage")
    func leftOver() throws {
        for tail in [[1], [0, 1], Array("garbage".utf8), [UInt8](repeating: 7, count: 500)] as [[UInt8]] {
            #expect(throws: OffsetLogFormat.Damage.self) { try OffsetLogFormat.decode(sample.bytes + tail) }
        }
        // The beginning of the next header is what a torn append leaves.
        let next = try OffsetLogFormat.encode(.entry(.epoch(connector: "orders", 6)), sequence: 258)
        for size in 1..<next.count {
            #expect(try OffsetLogFormat.decode(sample.bytes + next[..<size]).validSize == sample.bytes.count)
        }
        #expect(try OffsetLogFormat.decode(sample.bytes + next).sequence == 258)
    }

    @Test("an entry that is repeated, left out, or of the wrong kind is damage")
    func order() throws {
        let repeated = sample.bytes + sample.bytes[sample.ends[2]...]
        let shortened = Array(sample.bytes[..<sample.ends[0]]) + sample.bytes[sample.ends[1]...]
        let snapshot = sample.bytes + (try OffsetLogFormat.encode(.snapshot(OffsetTable()), sequence: 258))
        let entry = try OffsetLogFormat.encode(.entry(.epoch(connector: "orders", 6)), sequence: 1)
        for bytes in [repeated, shortened, snapshot, OffsetLogFormat.fileHeader + entry] {
            #expect(throws: OffsetLogFormat.Damage.self) { try OffsetLogFormat.decode(bytes) }
        }
    }

    @Test("another format and a newer version are foreign; an empty file and a cut header are damage")
    func foreign() throws {
        func damage(_ bytes: [UInt8]) -> OffsetLogFormat.Damage? {
            do throws(OffsetLogFormat.Damage) {
                _ = try OffsetLogFormat.decode(bytes)
                return nil
            } catch {
                return error
            }
        }
        #expect(damage(Array("{\"a\": 1, \"b\": 2, \"c\": 3}".utf8))?.isForeign == true)
        var newer = OffsetLogWriter()
        for byte in OffsetLogFormat.magic { newer.append(byte) }
        newer.append(UInt32(2))
        newer.append(CRC32C.checksum(newer.bytes))
        #expect(damage(newer.bytes + [1, 2, 3])?.isForeign == true)
        #expect(damage([])?.reason == "it is empty")
        #expect(damage(Array(sample.bytes[..<9]))?.reason == "its header is cut off")
    }
}

@Suite("Offsets, as bytes")
struct StoredOffsetTests {
    @Test(
        "every form comes back",
        arguments: [
            RecordOffset(0), RecordOffset(.min, incarnation: 1), RecordOffset(""), RecordOffset("short"),
            RecordOffset("a text that is longer than fifteen bytes"), RecordOffset("größe"),
        ]
    )
    func roundTrip(offset: RecordOffset) {
        #expect(RecordOffset(stored: offset.stored[...]) == offset)
    }

    @Test("an encoded one keeps its fields and the version of their schema")
    func encoded() throws {
        let offset = try RecordOffset(encoding: ["lsn": "0/16B3748"], version: 5)
        let read = try #require(RecordOffset(stored: offset.stored[...]))
        #expect(read == offset && read.schemaVersion == 5)
        #expect(try read.decoded(as: [String: String].self, version: 5) == ["lsn": "0/16B3748"])
    }

    @Test(
        "what is none of them is refused",
        arguments: [
            [], [0, 0], [1], [1, 2, 3], [2, 0xFF], [3, 1], [4], [255],
        ] as [[UInt8]]
    )
    func refused(bytes: [UInt8]) {
        #expect(RecordOffset(stored: bytes[...]) == nil)
    }
}
