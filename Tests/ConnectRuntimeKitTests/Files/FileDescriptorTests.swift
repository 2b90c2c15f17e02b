// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("Files")
struct FileDescriptorTests {
    @Test("what is written is read back, by place and in order")
    func writeAndRead() async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "data")
            let file = try FileDescriptor(path, [.readingAndWriting, .creating])
            try file.write(Array("hello world".utf8))
            try await file.synchronize()
            try Array("W".utf8).withUnsafeBytes { try file.write($0, at: 6) }
            #expect(try FileSystem.contents(of: path) == Array("hello World".utf8))
            try file.seek(to: 6)
            #expect(try file.rest() == Array("World".utf8))
            try file.truncate(to: 5)
            #expect(try file.status().size == 5)
            #expect(try file.status().isSameFile(as: FileSystem.status(of: path)))
            let beyond = try [UInt8](capacity: 10) { try file.read(into: $0, at: 3) }
            #expect(beyond == Array("lo".utf8))
        }
    }

    @Test(
        "two pieces of memory are written one behind the other",
        arguments: [("ab", "cd"), ("", "cd"), ("ab", ""), ("", "")]
    )
    func twoPieces(first: String, second: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "data")
            let file = try FileDescriptor(path, [.readingAndWriting, .creating])
            try file.write(Array("xxxxxxxx".utf8))
            try Array(first.utf8).withUnsafeBytes { first in
                try Array(second.utf8).withUnsafeBytes { try file.write(first, $0, at: 3) }
            }
            let middle = first + second
            let expected = "xxx" + middle + String(repeating: "x", count: 5 - middle.count)
            #expect(try FileSystem.contents(of: path) == Array(expected.utf8))
        }
    }

    @Test("a write of two pieces that fails says how much was written")
    func twoPiecesOnFullDevice() {
        guard let full = try? FileDescriptor("/dev/full", .writing) else { return }
        #expect(throws: FileError(code: ENOSPC, operation: "write", path: "/dev/full")) {
            try [1, 2, 3].withUnsafeBytes { try full.write($0, $0, at: 0) }
        }
    }

    @Test("a file over the limit is refused, not read")
    func limit() async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "data")
            try FileDescriptor(path, [.writing, .creating]).write([UInt8](repeating: 7, count: 10_000))
            #expect(try FileSystem.contents(of: path).count == 10_000)
            #expect(try FileSystem.contents(of: path, limit: 10_000).count == 10_000)
            #expect(throws: FileError(code: EFBIG, operation: "read", path: path, transferred: 10_000)) {
                try FileSystem.contents(of: path, limit: 9_999)
            }
        }
    }

    @Test("directories are made with those above them, listed in order, and names are changed")
    func directories() async throws {
        try await withTemporaryDirectory { directory in
            let deep = FileSystem.join(directory, "a/b/c")
            try FileSystem.createDirectories(deep)
            try FileSystem.createDirectories(deep + "/")
            for name in ["z", "y", "x"] { _ = try FileDescriptor(deep + "/" + name, [.writing, .creating]) }
            try FileSystem.rename(deep + "/x", to: deep + "/z")
            #expect(try FileSystem.list(deep) == ["y", "z"])
            #expect(try FileSystem.remove(deep + "/y"))
            #expect(try !FileSystem.remove(deep + "/y"))
            #expect(try FileSystem.statusIfPresent(of: deep + "/y") == nil)
            try FileSystem.synchronizeDirectory(deep)
            #expect(try FileSystem.resolved(deep + "/../c/z") == FileSystem.resolved(deep) + "/z")
        }
    }

    @Test(
        "the directory of a path",
        arguments: [
            ("a", "."), ("/a", "/"), ("a/b", "a"), ("/a/b/", "/a"), ("a//b", "a"), ("/", "/"),
        ]
    )
    func parent(path: String, parent: String) {
        #expect(FileSystem.parent(of: path) == parent)
    }

    @Test("a lock is given back although a child process in the making has the file")
    func lockWithChild() async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "lock")
            var first: FileDescriptor? = try FileDescriptor(path, [.readingAndWriting, .creating])
            #expect(try first?.lockExclusively() == true)
            // What a child shares with its parent until it runs its program.
            let inherited = dup(try #require(first).number)
            defer { close(inherited) }
            first = nil
            let second = try FileDescriptor(path, [.readingAndWriting])
            #expect(try second.lockExclusively())
        }
    }

    @Test("a lock keeps out a rival in the same process, until it is closed")
    func lock() async throws {
        try await withTemporaryDirectory { directory in
            let path = FileSystem.join(directory, "lock")
            var first: FileDescriptor? = try FileDescriptor(path, [.readingAndWriting, .creating])
            let second = try FileDescriptor(path, .readingAndWriting)
            #expect(try first?.lockExclusively() == true)
            #expect(try !second.lockExclusively())
            first = nil
            #expect(try second.lockExclusively())
        }
    }

    @Test(
        "an error names the file and says what to do",
        arguments: [
            (ENOENT, ConnectorError.Code.invalidConfiguration, "check the path"),
            (EACCES, .invalidConfiguration, "give this user the right"),
            (EISDIR, .invalidConfiguration, "this is a directory"),
            (ENOTDIR, .invalidConfiguration, "not a directory"),
            (EROFS, .invalidConfiguration, "mounted for writing"),
            (ENOSPC, .throttled, "free space on this file system"),
            (EDQUOT, .throttled, "quota"),
            (EFBIG, .fatal, "ulimit -f"),
            (EMFILE, .throttled, "ulimit -n"),
            (EIO, .fatal, "check the disk"),
        ]
    )
    func advice(code: Int32, expected: ConnectorError.Code, text: String) {
        let error = FileError(code: code, operation: "write", path: "/data/file").connectorError("the offset store")
        #expect(error.code == expected)
        #expect(error.message.hasPrefix("the offset store cannot write '/data/file': "))
        #expect(error.message.contains(text))
    }

    @Test("opening what is not there, or is a directory, fails by name")
    func openFailures() async throws {
        try await withTemporaryDirectory { directory in
            #expect(throws: FileError(code: ENOENT, operation: "open", path: directory + "/none")) {
                try FileDescriptor(directory + "/none", .reading)
            }
            #expect(throws: FileError(code: EISDIR, operation: "open", path: directory)) {
                try FileDescriptor(directory, .writing)
            }
        }
    }

    @Test("a full device reports how much was written")
    func fullDevice() throws {
        guard let full = try? FileDescriptor("/dev/full", .writing) else { return }
        #expect(throws: FileError(code: ENOSPC, operation: "write", path: "/dev/full")) {
            try full.write([1, 2, 3])
        }
    }
}

@Suite("CRC-32C")
struct CRC32CTests {
    static let known: [(bytes: [UInt8], check: UInt32)] = [
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        ([UInt8](0..<32), 0x46DD_794E),
    ]

    @Test("the check values", arguments: known)
    func checkValues(bytes: [UInt8], check: UInt32) {
        #expect(CRC32C.checksum(bytes) == check)
    }

    @Test("pieces give the same as the whole, however they are cut")
    func pieces() {
        let bytes = (0..<41).map { UInt8(($0 * 37) & 0xFF) }
        for cut in 0...bytes.count {
            var crc = CRC32C()
            bytes[..<cut].withUnsafeBytes { crc.update($0) }
            bytes[cut...].withUnsafeBytes { crc.update($0) }
            #expect(crc.value == CRC32C.checksum(bytes))
        }
    }
}
