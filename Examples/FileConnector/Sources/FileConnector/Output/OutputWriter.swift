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
    /// How much of the output is with the device; the rest is in the buffer.
    private var written: Int64
    private var buffer: OutputBuffer
    /// The length before the present put.
    private var beginning: Int64
    /// Whether something may stand behind ``written`` that could not be cut off.
    private var hasLeftover = false
    private var needsFlush = false
    private var brokenBy: FileError?

    /// A run of at least this many bytes is written from where it lies; a shorter one is gathered with others.
    private static let directRun = 4 << 10
    /// Where in the file a long write ends: the system takes one that begins so in larger pieces, for a fifth less.
    private static let boundary = 1 << 20
    /// A write to the boundary that would be shorter goes to the next one. A device that gathers gets writes of this length:
    /// they are in the processor's cache when it copies them.
    private static let leastWrite = 64 << 10
    private static var newline: UnsafeRawBufferPointer {
        let text: StaticString = "\n"
        return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    init(_ device: any OutputDevice, path: String, length: Int64) {
        self.device = device
        self.path = path
        written = length
        beginning = length
        buffer = OutputBuffer(capacity: Self.leastWrite)
    }

    /// The length of the output, what waits in the buffer included.
    var length: Int64 { written + Int64(buffer.count) }

    /// Gives the output to whoever writes it next.
    func close() { device.unlock() }

    /// Begins a put.
    mutating func begin() throws {
        try checkUsable()
        try cutLeftover()
        beginning = length
    }

    /// Appends bytes and a newline.
    mutating func appendLine(_ bytes: SharedBytes) throws {
        guard bytes.count < Self.directRun else {
            try drain()
            return try bytes.withUnsafeBytes { try write($0, Self.newline) }
        }
        buffer.append(bytes)
        buffer.append(UInt8(ascii: "\n"))
        try drainToBoundary()
    }

    /// Lets a closure append one line after the other, each without its newline, until it gives `false`. What it appended
    /// is taken back when it throws.
    mutating func appendLines(_ body: (inout JSONWriter) throws -> Bool) throws {
        while try buffer.append(body) {
            buffer.append(UInt8(ascii: "\n"))
            try drainToBoundary()
        }
    }

    /// Ends a put: everything appended is with the device.
    mutating func end() throws { try drain() }

    /// Writes what reaches a boundary, or is as much as the device wants at once.
    private mutating func drainToBoundary() throws {
        guard !device.gathers else {
            if buffer.count >= Self.leastWrite { try drain() }
            return
        }
        var room = Self.boundary - Int(written % Int64(Self.boundary))
        if room < Self.leastWrite { room += Self.boundary }
        guard buffer.count >= room else { return }
        try drain(room + (buffer.count - room) / Self.boundary * Self.boundary)
    }

    private mutating func drain() throws {
        if buffer.count > 0 { try drain(buffer.count) }
    }

    private mutating func drain(_ count: Int) throws {
        let failure: FileError? = buffer.withUnsafeBytes(count) { bytes in
            do throws(FileError) { try device.write(bytes, Self.nothing, at: written) } catch { return error }
            return nil
        }
        if let failure { throw undo(failure) }
        written += Int64(count)
        needsFlush = true
        buffer.removeFirst(count)
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, _ more: UnsafeRawBufferPointer) throws {
        do throws(FileError) { try device.write(bytes, more, at: written) } catch { throw undo(error) }
        written += Int64(bytes.count + more.count)
        needsFlush = true
    }

    /// Takes back what this put has appended.
    private mutating func undo(_ failure: FileError) -> any Error {
        takeBack(to: beginning)
        try? cutLeftover()
        return Self.notWritten(failure)
    }

    /// Forgets what was appended behind a length; what the device has of it has to be cut off.
    private mutating func takeBack(to length: Int64) {
        hasLeftover = true
        guard length < written else { return buffer.truncate(to: Int(length - written)) }
        written = length
        buffer.removeAll()
    }

    private static func notWritten(_ failure: FileError) -> ConnectorError {
        failure.connectorError(
            "the records were not written and nothing is lost, they are written again from the last commit on:"
        )
    }

    private mutating func cutLeftover() throws {
        guard hasLeftover else { return }
        do throws(FileError) { try device.truncate(to: written) } catch { throw error.connectorError("output:") }
        hasLeftover = false
        needsFlush = true
    }

    /// Cuts the output to a length.
    mutating func cut(to length: Int64) throws {
        try checkUsable()
        takeBack(to: length)
        try cutLeftover()
    }

    /// What has to be made durable; `nil` where everything is.
    mutating func beginFlush() throws -> (any OutputDevice)? {
        try checkUsable()
        try cutLeftover()
        do throws(FileError) { try device.handOn() } catch { throw Self.notWritten(error) }
        defer { needsFlush = false }
        return needsFlush ? device : nil
    }

    /// Takes note of how it went. After a failure the output is never flushed again: the system may have dropped what was
    /// written, and would report success for the rest.
    mutating func endFlush(_ failure: FileError?) throws {
        brokenBy = failure
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
