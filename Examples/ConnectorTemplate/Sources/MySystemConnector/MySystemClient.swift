// SPDX-License-Identifier: Apache-2.0

import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Reaches MySystem. Replace what is in here by calls of your system's client library.
///
/// So that everything runs before that, a log in a file stands in for MySystem: each line is a message, its place the
/// byte behind it, and there is one writer at a time. The source and the sink know nothing of the file: only the methods
/// that are not private, and the errors that those throw.
struct MySystemClient: Sendable {
    struct Message: Sendable {
        /// What the source goes on behind.
        let place: Int64
        let body: [UInt8]
    }

    let path: String

    /// Throws where the system cannot be reached, or does not allow what is asked for.
    func connect(forWriting isWriting: Bool = false) async throws { fclose(try openLog(isWriting ? "r+b" : "rb")) }

    /// Whether a message ends at a place, or the log begins there.
    func hasPlace(_ place: Int64) async throws -> Bool {
        let log = try openLog()
        defer { fclose(log) }
        return try place == 0 || place > 0 && byte(before: place, in: log) == Self.newline
    }

    /// The messages behind a place, in order: as many as the limits allow, but at least one if there is any.
    func messages(after place: Int64, limit: Int, maxBytes: Int) async throws -> [Message] {
        let log = try openLog()
        defer { fclose(log) }
        try seek(to: place, in: log)
        var (line, capacity) = (UnsafeMutablePointer<CChar>?.none, 0)
        defer { free(line) }
        var messages: [Message] = []
        var end = place
        while messages.count < limit, case let count = getline(&line, &capacity, log), count > 0 {
            let bytes = UnsafeRawBufferPointer(start: line, count: count)
            end += Int64(count)
            // A line without an end is still being written.
            guard bytes.last == Self.newline, messages.isEmpty || end - place <= maxBytes else { break }
            messages.append(Message(place: end, body: Array(bytes.dropLast())))
        }
        guard ferror(log) == 0 else { throw failure("cannot read") }
        return messages
    }

    /// Adds messages behind all others, in one request. None of them has a line break.
    func append(_ bodies: [[UInt8]]) async throws {
        let log = try openLog("r+b")
        defer { fclose(log) }
        let end = try endOfLastMessage(in: log)
        let bytes = bodies.flatMap { $0 + [Self.newline] }
        // Without a buffer, so that nothing is written later than here.
        guard setvbuf(log, nil, _IONBF, 0) == 0, ftruncate(fileno(log), off_t(end)) == 0 else {
            throw failure("cannot write")
        }
        try seek(to: end, in: log)
        guard fwrite(bytes, 1, bytes.count, log) == bytes.count else {
            let error = failure("cannot write")
            ftruncate(fileno(log), off_t(end))
            throw error
        }
    }

    /// Makes the messages that were added survive a loss of power.
    func synchronize() async throws {
        let log = try openLog("r+b")
        defer { fclose(log) }
        guard flushToDevice(fileno(log)) == 0 else {
            var error = failure("cannot synchronize")
            // What was written may be gone, and another attempt would not tell: the next run begins at the last commit.
            error.code = .fatal
            throw error
        }
    }
}

extension MySystemClient {
    private static let newline = UInt8(ascii: "\n")

    /// What a failure means for the pipeline. Of all that a client does this matters most: `notConnected` is an outage,
    /// which is waited for; `invalidConfiguration` stops the pipeline; `retryable` is tried again by its retry policy.
    private func failure(_ what: String) -> ConnectorError {
        let code: ConnectorError.Code =
            switch errno {
            case ENOENT, ENOTDIR: .notConnected
            case EACCES, EPERM, EROFS, EISDIR: .invalidConfiguration
            default: .retryable
            }
        return ConnectorError(code, "\(what) '\(path)': \(String(cString: strerror(errno)))")
    }

    private func flushToDevice(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
        // There `fsync` does not wait for the device.
        return fcntl(descriptor, F_FULLFSYNC) == -1 ? fsync(descriptor) : 0
        #else
        return fsync(descriptor)
        #endif
    }

    private func openLog(_ mode: String = "rb") throws -> UnsafeMutablePointer<FILE> {
        guard let log = fopen(path, mode) else { throw failure("cannot open") }
        return log
    }

    private func seek(to place: Int64, in log: UnsafeMutablePointer<FILE>) throws {
        guard fseeko(log, off_t(place), SEEK_SET) == 0 else { throw failure("cannot read") }
    }

    private func byte(before place: Int64, in log: UnsafeMutablePointer<FILE>) throws -> UInt8? {
        try seek(to: place - 1, in: log)
        let byte = getc(log)
        guard ferror(log) == 0 else { throw failure("cannot read") }
        return UInt8(exactly: byte)
    }

    /// A writer that was killed may have left a part of a message behind this place.
    private func endOfLastMessage(in log: UnsafeMutablePointer<FILE>) throws -> Int64 {
        guard fseeko(log, 0, SEEK_END) == 0 else { throw failure("cannot read") }
        var end = Int64(ftello(log))
        while try end > 0 && byte(before: end, in: log) != Self.newline { end -= 1 }
        return end
    }
}
