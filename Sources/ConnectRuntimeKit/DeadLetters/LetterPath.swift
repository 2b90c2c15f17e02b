// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The path of a ``FileDeadLetterStore``, and the files beside it. All calls block their thread.
struct LetterPath: Sendable {
    /// Without symbolic links, as far as the file exists.
    let path: String
    var faults = FileFaults.none

    private var directory: String { FileSystem.parent(of: path) }
    private var lockPath: String { path + ".lock" }
    var draftPath: String { path + ".new" }

    init(_ path: String, faults: FileFaults) {
        // The file that a link leads to is replaced, and locked, not the link.
        self.path = (try? FileSystem.resolved(path)) ?? path
        self.faults = faults
    }

    /// Makes the directory if it is missing, and locks the path for this store alone.
    ///
    /// The lock's file is never removed: a process that opened it before would lock a file that nobody else sees.
    func lock() throws -> FileDescriptor {
        try FileSystem.createDirectories(directory)
        let lock = try FileDescriptor(lockPath, [.readingAndWriting, .creating])
        guard try lock.lockExclusively() else { throw held(by: holder(in: lock)) }
        // Only a help for whoever finds it locked: without room for it the lock holds all the same.
        try? lock.truncate(to: 0)
        try? lock.write(Array("\(getpid())\n".utf8)[...], at: 0)
        return lock
    }

    private func holder(in lock: FileDescriptor) -> Int32? {
        guard let bytes = try? [UInt8](capacity: 32, filledBy: { try lock.read(into: $0, at: 0) }) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    private func held(by process: Int32?) -> ConnectorError {
        let owner =
            switch process {
            case getpid(): "another store of this process (\(getpid()))"
            case let process?: "process \(process)"
            case nil: "another process"
            }
        return ConnectorError(
            .retryable,
            "the dead letters '\(path)' are in use by \(owner); stop it first, or give this one a file of its own"
        )
    }

    /// Whether the lock still keeps others out: not where somebody removed its file, as then another store locks a new one.
    func isLocked(by lock: FileDescriptor) -> Bool { isInPlace(lock, lockPath) }

    /// The error of a change without the lock.
    var lockLost: ConnectorError {
        ConnectorError(
            .fenced,
            "the lock file '\(lockPath)' was removed or replaced while the dead letters were in use, so another process may "
                + "use them too; make sure that just one does, and start it again"
        )
    }

    /// Whether the file is the one that the next store will read, and as long as it was left.
    func isUnchanged(_ file: FileDescriptor, size: Int64) -> Bool {
        isInPlace(file, path) && (try? file.status().size) == size
    }

    private func isInPlace(_ file: FileDescriptor, _ path: String) -> Bool {
        guard let own = try? file.status(), let named = try? FileSystem.status(of: path) else { return false }
        return own.isSameFile(as: named)
    }

    /// Opens the file, if there is one, and removes what a compaction that was cut short left behind.
    func open() throws -> FileDescriptor? {
        try removeDraft()
        do throws(FileError) {
            return try FileDescriptor(path, .readingAndWriting)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Begins a new file beside the one in use.
    func draft() throws(FileError) -> FileDescriptor {
        try faults.check(.create(draftPath), "make", draftPath)
        return try FileDescriptor(draftPath, [.readingAndWriting, .creating, .truncating])
    }

    func removeDraft() throws(FileError) {
        try faults.check(.remove(draftPath), "remove", draftPath)
        try FileSystem.remove(draftPath)
    }

    func synchronize(_ file: FileDescriptor) throws(FileError) {
        try faults.check(.synchronize(file.path), "synchronize", file.path)
        try file.synchronizeBlocking()
    }

    /// Puts a durable new file in the place of the one in use.
    func adopt() throws(FileError) {
        try faults.check(.rename(draftPath), "rename", draftPath)
        try FileSystem.rename(draftPath, to: path)
        try faults.check(.synchronizeDirectory(directory), "synchronize the directory", directory)
        try FileSystem.synchronizeDirectory(directory)
    }

    /// The error of a file that is not as it was written.
    func damage(line: Int?, offset: Int64, _ reason: String, isForeign: Bool = false) -> ConnectorError {
        let place = line.map { "in line \($0), at byte \(offset)" } ?? "at byte \(offset)"
        let advice =
            isForeign
            ? "choose another path, or the version of the program that wrote it"
            : "restore the file from a copy, or take that line out, which gives up what it says"
        return ConnectorError(
            isForeign ? .invalidConfiguration : .fatal,
            "the dead letters '\(path)' cannot be used, \(place): \(reason); \(advice)"
        )
    }
}
