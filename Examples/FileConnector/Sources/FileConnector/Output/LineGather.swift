// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

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
    /// That records have a newline between them does not say that they have none inside: a run has to have exactly as
    /// many as there are ends of lines in it.
    ///
    /// - Returns: the run, or `nil` where the first record holds a newline and so is no line.
    static func run(in records: UnsafeBufferPointer<ConnectorRecord>, from index: Int) -> Run? {
        guard let buffer = records[index].heldBytes.bufferIdentity else {
            // Nothing is held as bytes: there is no data, it is empty, or it has a structure.
            let bytes = records[index].data.bytes
            return bytes.withUnsafeBytes { $0.newlineCount } == 0 ? Run(bytes: bytes, end: index + 1) : nil
        }
        let first = records[index].heldBytes
        guard let start = first.unsafeBytes.baseAddress else { return nil }
        var length = first.count
        var end = index + 1
        while end < records.count, records[end].heldBytes.bufferIdentity == buffer {
            let line = records[end].heldBytes.unsafeBytes
            let behind = start + length
            guard line.baseAddress == behind + 1, behind.load(as: UInt8.self) == UInt8(ascii: "\n") else { break }
            length += line.count + 1
            end += 1
        }
        if UnsafeRawBufferPointer(start: start, count: length).newlineCount != end - index - 1 {
            return runInFrontOfNewline(records, index..<end)
        }
        return Run(bytes: first.extended(by: length - first.count), end: end)
    }

    /// The records of a run in front of the first one that holds a newline.
    private static func runInFrontOfNewline(
        _ records: UnsafeBufferPointer<ConnectorRecord>,
        _ run: Range<Int>
    ) -> Run? {
        var length = -1
        for index in run {
            let line = records[index].heldBytes
            if line.unsafeBytes.firstNewline != nil {
                let first = records[run.lowerBound].heldBytes
                return index == run.lowerBound ? nil : Run(bytes: first.extended(by: length - first.count), end: index)
            }
            length += line.count + 1
        }
        return nil
    }
}
