// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A line without its newline, in bytes that somebody else keeps.
struct Line: Hashable {
    let bytes: UnsafeRawBufferPointer

    static func == (left: Line, right: Line) -> Bool {
        let count = left.bytes.count
        if count != right.bytes.count { return false }
        return count == 0 || memcmp(left.bytes.baseAddress!, right.bytes.baseAddress!, count) == 0
    }

    func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }

    /// The line as text, shortened.
    var text: String {
        let text = String(decoding: bytes.prefix(120), as: UTF8.self)
        return bytes.count > 120 ? text + "…" : text
    }
}

/// Goes through the lines of some bytes. It leaves the work to `memchr`: the comparison has to be fast without the optimizer.
struct LineCursor {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next line, which may lack its newline if it is the last one.
    mutating func next() -> Line? {
        let rest = bytes.count - offset
        guard rest > 0, let start = bytes.baseAddress?.advanced(by: offset) else { return nil }
        let end = memchr(start, 0x0A, rest)
        let count = end.map { UnsafeRawPointer($0) - start } ?? rest
        offset += count + (end == nil ? 0 : 1)
        return Line(bytes: UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Whether the last line lacks its newline.
    static func endsMidLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.last.map { $0 != 0x0A } ?? false
    }
}
