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
    mutating func cut(into batch: inout LineBatch, partition: RecordPartition, identity: FileIdentity) {
        let settled = identity.incarnation(at: .max)
        let lines = chunk
        let room = min(batch.maxRecords - batch.rejected.count, batch.records.count + lines.count - position)
        var position = position
        var bytes = batch.bytes
        while position < lines.count, batch.records.count < room, bytes < batch.maxBytes {
            let end = Self.endOfLine(lines, from: position)
            let length = end &- position
            let behind = start &+ Int64(end) &+ 1
            let incarnation = behind >= FileIdentity.beginningLength ? settled : identity.incarnation(at: behind)
            let offset = RecordOffset(behind, incarnation: incarnation.bits)
            if length > batch.maxLineBytes {
                let sample = lines.slice(position..<end)
                batch.reject(Int64(length), sample: sample, position: RecordPosition(partition: partition, offset: offset))
                position = end + 1
                break
            }
            guard bytes == 0 || length <= batch.maxBytes &- bytes else { break }
            let line = RecordData.bytes(lines.slice(position..<end))
            batch.records.append(ConnectorRecord(line, partition: partition, offset: offset))
            bytes &+= length
            position = end &+ 1
        }
        batch.bytes = bytes
        self.position = position
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
