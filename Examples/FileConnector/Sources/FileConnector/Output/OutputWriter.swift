// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles

/// Appends to an output, and keeps account of how long it is.
///
/// Each put is announced by ``begin()``: when a write fails, the output is cut back to its length at that moment, so that
/// nothing half-written stays.
struct OutputWriter: ~Copyable {
    private let device: any OutputDevice
    private let path: String
    /// The length of the output, what waits in the buffer included.
    private(set) var length: Int64
    private var written: Int64
    private var waiting = JSONWriter(capacity: 64 << 10)
    private var beginning: Int64
    /// Whether something may stand behind ``written`` that could not be cut off.
    private var hasLeftover = false
    private(set) var needsFlush = false
    private var brokenBy: FileError?

    /// A run of at least this many bytes is written from where it lies; a shorter one is gathered with others.
    private static let directRun = 4 << 10
    private static let fullBuffer = 256 << 10
    private static var newline: UnsafeRawBufferPointer {
        let text: StaticString = "\n"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    init(_ device: any OutputDevice, path: String, length: Int64) {
        self.device = device
        self.path = path
        self.length = length
        written = length
        beginning = length
    }

    /// Gives the output to whoever writes it next.
    func close() { device.unlock() }

    /// Begins a put.
    mutating func begin() throws {
        try checkUsable()
        if hasLeftover { try cut(to: written) }
        beginning = length
    }

    /// Appends bytes and a newline.
    mutating func appendLine(_ bytes: SharedBytes) throws {
        guard bytes.count < Self.directRun else {
            try drain()
            return try bytes.withUnsafeBytes { try write($0, Self.newline) }
        }
        waiting.writeRaw(bytes)
        waiting.writeRaw(UInt8(ascii: "\n"))
        if waiting.count >= Self.fullBuffer { try drain() }
    }

    /// Lets a closure append one line after the other, each without its newline, until it gives `false`. What it appended
    /// is taken back when it throws.
    mutating func appendLines(_ body: (inout JSONWriter) throws -> Bool) throws {
        while true {
            let count = waiting.count
            do {
                guard try body(&waiting) else { return }
            } catch {
                waiting.truncate(to: count)
                throw error
            }
            waiting.writeRaw(UInt8(ascii: "\n"))
            if waiting.count >= Self.fullBuffer { try drain() }
        }
    }

    /// Ends a put: everything appended is with the system.
    mutating func end() throws {
        try drain()
        length = written
    }

    private mutating func drain() throws {
        guard waiting.count > 0 else { return }
        let failure: FileError? = waiting.withUnsafeBytes { bytes in
            do throws(FileError) { try device.write(bytes, Self.nothing, at: written) } catch { return error }
            return nil
        }
        if let failure { throw undo(failure) }
        written += Int64(waiting.count)
        needsFlush = true
        // The memory of an exceptionally large record is not kept.
        waiting.removeAll(keepingCapacity: waiting.count <= 2 * Self.fullBuffer)
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer) throws {
        do throws(FileError) { try device.write(bytes, more, at: written) } catch { throw undo(error) }
        written += Int64(bytes.count + more.count)
        needsFlush = true
    }

    /// Cuts off what this put has written.
    private mutating func undo(_ failure: FileError) -> any Error {
        waiting.removeAll(keepingCapacity: true)
        written = beginning
        length = beginning
        needsFlush = true
        hasLeftover = true
        try? cut(to: beginning)
        return failure.connectorError(
            "the records were not written and nothing is lost, they are written again from the last commit on:"
        )
    }

    /// Cuts the output to a length.
    mutating func cut(to length: Int64) throws {
        try checkUsable()
        do throws(FileError) { try device.truncate(to: length) } catch { throw error.connectorError("output:") }
        written = length
        self.length = length
        hasLeftover = false
        needsFlush = true
        waiting.removeAll(keepingCapacity: true)
    }

    /// What has to be made durable; `nil` where everything is.
    mutating func beginFlush() throws -> (any OutputDevice)? {
        try checkUsable()
        if hasLeftover { try cut(to: written) }
        return needsFlush ? device : nil
    }

    /// Takes note of how it went. After a failure the output is never flushed again: the system may have dropped what was
    /// written, and would report success for the rest.
    mutating func endFlush(_ failure: FileError?) throws {
        brokenBy = failure
        needsFlush = false
        try checkUsable()
    }

    private func checkUsable() throws {
        guard let brokenBy else { return }
        throw ConnectorError(
            .fatal,
            "the output '\(path)' could not be made durable, and what was written since the last commit may be lost; the "
                + "pipeline has to be restarted: it cuts the output back and goes on from its committed positions",
            cause: brokenBy
        )
    }
}
