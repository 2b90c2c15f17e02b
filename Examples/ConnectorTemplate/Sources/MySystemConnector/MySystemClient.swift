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
/// So that everything runs before that, a directory stands in for MySystem: each message is a file, `1.txt`, `2.txt` and
/// so on, and there is one writer at a time. The source and the sink know nothing of it but the methods that are not
/// private, and the errors that those throw.
actor MySystemClient {
    struct Message: Sendable {
        let number: Int64
        let body: [UInt8]
    }

    private let directory: String
    /// The number of the newest message, as soon as it is known to the writer.
    private var newest: Int64?

    init(directory: String) { self.directory = directory }

    /// Says how far the messages go: 0 where there are none. Throws where the system cannot be reached.
    func newestNumber() throws -> Int64 { try numbers().last ?? 0 }

    /// The messages behind a number, in order: as many as the limits allow, but at least one if there is any.
    func messages(after number: Int64, limit: Int, maxBytes: Int) throws -> [Message] {
        var messages: [Message] = []
        var bytes = 0
        for next in try numbers().drop(while: { $0 <= number }).prefix(limit) {
            let body = try read(path(next))
            bytes += body.count
            guard messages.isEmpty || bytes <= maxBytes else { break }
            messages.append(Message(number: next, body: body))
        }
        return messages
    }

    /// Adds a message behind all others: the whole of it, or nothing where this throws.
    func append(_ body: [UInt8]) throws {
        let number = try newest ?? newestNumber()
        let incoming = "\(directory)/.incoming"
        try write(body, to: incoming)
        guard rename(incoming, path(number + 1)) == 0 else { throw failure("cannot add a message") }
        newest = number + 1
    }

    /// Makes the messages that were added survive a loss of power.
    func synchronize() throws {
        let descriptor = open(directory, O_RDONLY)
        guard descriptor >= 0 else { throw failure("cannot reach the messages") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("cannot make the messages durable") }
    }
}

extension MySystemClient {
    /// What a failure means for the pipeline. Of all that a client does this matters most: `notConnected` is an outage,
    /// which is waited for; `invalidConfiguration` stops the pipeline; `retryable` is tried again by its retry policy.
    private func failure(_ what: String) -> ConnectorError {
        let code: ConnectorError.Code =
            switch errno {
            case ENOENT, ENOTDIR: .notConnected
            case EACCES, EPERM, EROFS: .invalidConfiguration
            default: .retryable
            }
        return ConnectorError(code, "\(what) in '\(directory)': \(String(cString: strerror(errno)))")
    }

    private func path(_ number: Int64) -> String { "\(directory)/\(number).txt" }

    private func numbers() throws -> [Int64] {
        guard let listing = opendir(directory) else { throw failure("cannot list the messages") }
        defer { closedir(listing) }
        var numbers: [Int64] = []
        errno = 0
        while let entry = readdir(listing) {
            // Through the pointer: an entry may be shorter than its type.
            let bytes = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let name = String(cString: bytes.assumingMemoryBound(to: CChar.self))
            if let number = Int64(name.prefix { $0 != "." }), name == "\(number).txt" { numbers.append(number) }
            errno = 0
        }
        guard errno == 0 else { throw failure("cannot list the messages") }
        return numbers.sorted()
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "rb") else { throw failure("cannot read a message") }
        defer { fclose(file) }
        var body: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { body += chunk[..<count] }
        guard ferror(file) == 0 else { throw failure("cannot read a message") }
        return body
    }

    private func write(_ body: [UInt8], to path: String) throws {
        guard let file = fopen(path, "wb") else { throw failure("cannot write a message") }
        defer { fclose(file) }
        guard fwrite(body, 1, body.count, file) == body.count, fflush(file) == 0, fsync(fileno(file)) == 0 else {
            throw failure("cannot write a message")
        }
    }
}
