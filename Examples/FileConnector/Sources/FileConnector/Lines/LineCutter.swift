// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Cuts a chunk of a file into records, one for each line, without copying a byte. It may take several batches.
struct LineCutter {
    private let chunk: SharedBytes
    private let start: Int64
    private var position = 0

    /// - Parameters:
    ///   - chunk: whole lines; the last byte is a newline.
    ///   - start: where in the file it begins.
    init(_ chunk: SharedBytes, at start: Int64) {
        self.chunk = chunk
        self.start = start
    }

    /// The length of the whole lines at the beginning of some bytes; 0 where there is no newline.
    static func lengthOfLines(_ bytes: SharedBytes) -> Int {
        bytes.withUnsafeBytes { buffer in
            guard let last = buffer.lastIndex(of: UInt8(ascii: "\n")) else { return 0 }
            return last + 1
        }
    }

    /// Whether every line was handed out.
    var isEmpty: Bool { position == chunk.count }

    /// Where in the file the first line that was not handed out begins.
    var offset: Int64 { start + Int64(position) }

    /// Hands out lines until there are no more or the batch is full.
    ///
    /// - Parameter lineLength: the length of a line to expect, for making room once.
    mutating func cut(
        into batch: inout LineBatch,
        partition: RecordPartition,
        identity: FileIdentity,
        lineLength: Int = 64
    ) {
        let expected = (chunk.count - position) / max(lineLength, 1) + 16
        let room = min(batch.maxRecords - batch.records.count - batch.rejected.count, expected)
        guard room > 0 else { return }
        let limits = Limits(batch)
        var tooLong: Int?
        var bytes = 0
        let records = [ConnectorRecord](unsafeUninitializedCapacity: room) { buffer, count in
            let before = position
            tooLong = fill(buffer, &count, limits, partition, identity)
            bytes = position - before - count
        }
        batch.add(records, bytes: bytes)
        guard let end = tooLong else { return }
        let behind = start + Int64(end) + 1
        let offset = RecordOffset(behind, incarnation: identity.incarnation(at: behind).bits)
        batch.reject(
            Int64(end - position),
            sample: chunk.slice(position..<end),
            position: RecordPosition(partition: partition, offset: offset)
        )
        position = end + 1
    }

    private struct Limits {
        let bytes: Int
        let lineBytes: Int
        let isFirst: Bool

        init(_ batch: LineBatch) {
            bytes = batch.maxBytes - batch.bytes
            lineBytes = batch.maxLineBytes
            isFirst = batch.bytes == 0
        }
    }

    /// Writes records into the memory of an array to be; appending them one by one would copy each of them.
    ///
    /// - Returns: the end of the next line where that is longer than allowed.
    private mutating func fill(
        _ buffer: UnsafeMutableBufferPointer<ConnectorRecord>,
        _ count: inout Int,
        _ limits: Limits,
        _ partition: RecordPartition,
        _ identity: FileIdentity
    ) -> Int? {
        let settled = identity.incarnation(at: .max).bits
        let lines = chunk
        var left = limits.bytes
        while position < lines.count, count < buffer.count {
            let end = Self.endOfLine(lines, from: position)
            let length = end &- position
            if length > limits.lineBytes { return end }
            left &-= length
            // A record that alone is larger than the limit goes alone.
            guard left >= 0 || limits.isFirst && count == 0 else { break }
            let behind = start &+ Int64(end) &+ 1
            let incarnation =
                behind >= FileIdentity.beginningLength ? settled : identity.incarnation(at: behind).bits
            (buffer.baseAddress.unsafelyUnwrapped + count).initialize(
                to: .slice(
                    lines.slice(position..<end),
                    partition: partition,
                    sequence: behind,
                    incarnation: incarnation
                )
            )
            count &+= 1
            position = end &+ 1
        }
        return nil
    }

    @inline(__always)
    private static func endOfLine(_ lines: SharedBytes, from position: Int) -> Int {
        let bytes = lines.unsafeBytes
        guard let base = bytes.baseAddress, let newline = memchr(base + position, 0x0A, bytes.count &- position) else {
            return bytes.count
        }
        return UnsafeRawPointer(newline) - base
    }
}
