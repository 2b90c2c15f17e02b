// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A directory that is removed with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/file-connector-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { mkdtemp($0) != nil } ?? false
        }
        guard made else { throw FileError(code: errno, operation: "make a directory", path: "/tmp") }
        let bytes = template.dropLast().map(UInt8.init(bitPattern:))
        path = try FileSystem.resolved(String(decoding: bytes, as: UTF8.self))
    }

    deinit {
        for name in (try? FileSystem.list(path)) ?? [] {
            let entry = FileSystem.join(path, name)
            if (try? FileSystem.remove(entry)) == nil { rmdir(entry) }
        }
        rmdir(path)
    }

    subscript(name: String) -> String { FileSystem.join(path, name) }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try FileDescriptor(self[name], [.writing, .creating, .truncating]).write(Array(bytes))
    }

    func write(_ text: String, to name: String) throws { try write(text.utf8, to: name) }

    func append(_ text: String, to name: String) throws {
        try FileDescriptor(self[name], [.writing, .creating, .appending]).write(Array(text.utf8))
    }

    func rename(_ name: String, to other: String) throws { try FileSystem.rename(self[name], to: self[other]) }

    func remove(_ name: String) throws { try FileSystem.remove(self[name]) }

    /// As a rotation by truncation does: a copy, and then nothing.
    func copyAndTruncate(_ name: String, to other: String) throws {
        try write(try bytes(of: name), to: other)
        try FileDescriptor(self[name], [.writing]).truncate(to: 0)
    }

    func bytes(of name: String) throws -> [UInt8] { try FileSystem.contents(of: self[name]) }

    func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

    func makeDirectory(_ name: String) throws { try FileSystem.createDirectories(self[name]) }

    func removeDirectory(_ name: String) throws {
        guard rmdir(self[name]) == 0 else {
            throw FileError(code: errno, operation: "remove the directory", path: self[name])
        }
    }

    /// Dates a file back to 1970.
    func makeOld(_ name: String) throws {
        let times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        guard utimensat(AT_FDCWD, self[name], times, 0) == 0 else {
            throw FileError(code: errno, operation: "date", path: self[name])
        }
    }

    /// Gives a file a second name.
    func makeLink(_ other: String, to name: String) throws {
        guard link(self[name], self[other]) == 0 else {
            throw FileError(code: errno, operation: "link", path: self[other])
        }
    }

    /// Gives a file, which may not be there yet, a name that leads to it.
    func makeSymbolicLink(_ name: String, to target: String) throws {
        guard symlink(target, self[name]) == 0 else {
            throw FileError(code: errno, operation: "link", path: self[name])
        }
    }

    func makePipe(_ name: String) { mkfifo(self[name], 0o644) }
}
