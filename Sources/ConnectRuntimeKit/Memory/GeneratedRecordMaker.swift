// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Makes records that follow from a seed, the partition and the number alone.
struct GeneratedRecordMaker: Sendable {
    let payload: GeneratedPayload
    let partitions: [RecordPartition]
    let keys: Int
    let hasEventAttributes: Bool
    let seed: UInt64

    /// As much as a request allows.
    func records(
        _ cursor: inout GeneratorCursor,
        _ request: PollRequest,
        atMost due: Int64,
        besides heldBack: Set<Int>
    ) -> [ConnectorRecord] {
        let limit = Int(clamping: min(due, Int64(max(1, request.maxRecords))))
        switch payload.form {
        case .text(let sizes), .bytes(let sizes):
            return cut(places(&cursor, limit, request.maxBytes, sizes, besides: heldBack))
        case .structured, .custom:
            return make(&cursor, limit, request.maxBytes, besides: heldBack)
        }
    }

    // MARK: One buffer for all

    private struct Place {
        let partition: Int
        let number: Int64
        let size: Int
        var randomness: GeneratedRandomness
    }

    private func places(
        _ cursor: inout GeneratorCursor,
        _ limit: Int,
        _ maxBytes: Int,
        _ sizes: ClosedRange<Int>,
        besides heldBack: Set<Int>
    ) -> [Place] {
        var places: [Place] = []
        places.reserveCapacity(limit)
        var bytes = 0
        while places.count < limit, let (partition, number) = cursor.advance(besides: heldBack) {
            var randomness = GeneratedRandomness(seed: seed, partition: partition, number: number)
            let size = randomness.number(in: sizes)
            bytes += size
            if bytes > maxBytes, !places.isEmpty {
                cursor.retreat(from: partition)
                break
            }
            places.append(Place(partition: partition, number: number, size: size, randomness: randomness))
        }
        return places
    }

    private func cut(_ places: [Place]) -> [ConnectorRecord] {
        var isText = false
        if case .text = payload.form { isText = true }
        let bytes = SharedBytes(unsafeUninitializedCapacity: places.reduce(0) { $0 + $1.size }) { buffer in
            var written = 0
            for place in places {
                let end = written + place.size
                fill(
                    UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[written..<end]),
                    place,
                    isText
                )
                written = end
            }
            return written
        }
        var start = 0
        return places.map { place in
            defer { start += place.size }
            let piece = bytes.slice(start..<start + place.size)
            let partition = partitions[place.partition]
            var record =
                isText
                ? ConnectorRecord(
                    .text(utf8: piece) ?? .absent,
                    partition: partition,
                    offset: RecordOffset(place.number)
                )
                : .slice(piece, partition: partition, sequence: place.number, incarnation: 0)
            if keys > 0 || hasEventAttributes { decorate(&record, place.partition, place.number) }
            return record
        }
    }

    /// Eight bytes at a time: a generator that is slower than what it is to measure is of no use.
    private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ place: Place, _ isText: Bool) {
        var randomness = place.randomness
        var index = isText ? writeName(of: place, into: bytes) : 0
        while index + 8 <= bytes.count {
            bytes.storeBytes(
                of: isText ? Self.letters(randomness.next()) : randomness.next(),
                toByteOffset: index,
                as: UInt64.self
            )
            index += 8
        }
        guard index < bytes.count else { return }
        var rest = isText ? Self.letters(randomness.next()) : randomness.next()
        while index < bytes.count {
            bytes[index] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
            index += 1
        }
    }

    /// Eight letters from `a` to `p`.
    private static func letters(_ number: UInt64) -> UInt64 {
        (number & 0x0F0F_0F0F_0F0F_0F0F) &+ 0x6161_6161_6161_6161
    }

    /// Writes `partition:number ` where there is room for it; how many bytes that were.
    private func writeName(of place: Place, into bytes: UnsafeMutableRawBufferPointer) -> Int {
        let digits = (Self.digits(UInt64(place.partition)), Self.digits(UInt64(place.number)))
        let length = digits.0 + digits.1 + 2
        guard length <= bytes.count else { return 0 }
        Self.write(UInt64(place.partition), digits.0, bytes, 0)
        bytes[digits.0] = UInt8(ascii: ":")
        Self.write(UInt64(place.number), digits.1, bytes, digits.0 + 1)
        bytes[length - 1] = UInt8(ascii: " ")
        return length
    }

    private static func digits(_ number: UInt64) -> Int {
        var (digits, rest) = (1, number / 10)
        while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
        return digits
    }

    private static func write(_ number: UInt64, _ digits: Int, _ bytes: UnsafeMutableRawBufferPointer, _ start: Int) {
        var rest = number
        for index in stride(from: start + digits - 1, through: start, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }

    // MARK: One by one

    private func make(
        _ cursor: inout GeneratorCursor,
        _ limit: Int,
        _ maxBytes: Int,
        besides heldBack: Set<Int>
    ) -> [ConnectorRecord] {
        var records: [ConnectorRecord] = []
        var bytes = 0
        while records.count < limit, let (partition, number) = cursor.advance(besides: heldBack) {
            let randomness = GeneratedRandomness(seed: seed, partition: partition, number: number)
            let data = data(partition, number, randomness)
            bytes += data.heldCount
            if bytes > maxBytes, !records.isEmpty {
                cursor.retreat(from: partition)
                break
            }
            var record = ConnectorRecord(data, partition: partitions[partition], offset: RecordOffset(number))
            decorate(&record, partition, number)
            records.append(record)
        }
        return records
    }

    private func data(_ partition: Int, _ number: Int64, _ start: GeneratedRandomness) -> RecordData {
        var randomness = start
        switch payload.form {
        case .custom(let make):
            return make(
                GeneratedRecord(partition: partitions[partition], number: number, randomness: randomness.next())
            )
        case .structured(let sizes):
            let object: StructuredObject = [
                "partition": .integer(Int64(partition)),
                "number": .integer(number),
                "name": .string("item \(randomness.number(in: 1...10_000))"),
                "price": .double(Double(randomness.number(in: 1...100_000)) / 100),
                "inStock": .boolean(randomness.next() & 1 == 1),
                "tags": .array((0..<randomness.number(in: 0...3)).map { .string("tag \($0)") }),
                "text": .string(text(randomness.number(in: sizes), &randomness)),
            ]
            return .structured(.object(object))
        case .text, .bytes:
            return .absent
        }
    }

    private func text(_ count: Int, _ randomness: inout GeneratedRandomness) -> String {
        String(unsafeUninitializedCapacity: count) { buffer in
            for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: Self.letters(randomness.next())) }
            return count
        }
    }

    // MARK: Key and attributes

    /// 2020-01-01T00:00:00Z: an instant of the clock would be another one in a replay.
    private static let firstSecond: Int64 = 1_577_836_800
    private static let source: URIReference = "urn:openconnect:generator"

    private func decorate(
        _ record: inout ConnectorRecord,
        _ partition: Int,
        _ number: Int64
    ) {
        if keys > 0 {
            var own = GeneratedRandomness(seed: ~seed, partition: partition, number: number)
            record.key = .text("key-\(own.number(in: 0...keys - 1))")
        }
        guard hasEventAttributes else { return }
        record.id = "\(partition)-\(number)"
        record.source = Self.source
        record.type = "org.openconnect.generator.record"
        record.subject = "partition/\(partition)"
        record.time = try? Timestamp(
            secondsSince1970: Self.firstSecond + number / 1000,
            nanoseconds: Int32(number % 1000) * 1_000_000
        )
    }
}
