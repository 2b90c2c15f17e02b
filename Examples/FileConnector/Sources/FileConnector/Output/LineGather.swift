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

/// Finds the records that can be written as they lie in memory: pieces of one buffer with exactly a newline between them.
enum LineGather {
    /// Records that lie one behind the other, the newlines between them included.
    struct Run {
        /// The lines without the last one's newline.
        var bytes: SharedBytes
        /// The index behind the last record.
        var end: Int
    }

    /// The run that begins with a record, at least that record alone.
    ///
    /// Each line is searched for newlines even within a run: that records have a newline between them does not say that
    /// they have none inside.
    ///
    /// - Returns: the run, or `nil` where the first record holds a newline and so is no line.
    static func run(in records: UnsafeBufferPointer<ConnectorRecord>, from index: Int) -> Run? {
        guard let buffer = records[index].heldBytes.bufferIdentity else {
            // Nothing is held as bytes: there is no data, it is empty, or it has a structure.
            let bytes = records[index].data.bytes
            return bytes.withUnsafeBytes(hasNewline) ? nil : Run(bytes: bytes, end: index + 1)
        }
        let first = records[index].heldBytes
        let start = first.unsafeBytes
        guard !hasNewline(start), let base = start.baseAddress else { return nil }
        var behind = base + start.count
        var end = index + 1
        while end < records.count, records[end].heldBytes.bufferIdentity == buffer {
            let line = records[end].heldBytes.unsafeBytes
            guard line.baseAddress == behind + 1, behind.load(as: UInt8.self) == 0x0A, !hasNewline(line) else { break }
            behind += line.count + 1
            end += 1
        }
        return Run(bytes: first.extended(by: behind - base - start.count), end: end)
    }

    @inline(__always)
    private static func hasNewline(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        return memchr(base, 0x0A, bytes.count) != nil
    }
}
