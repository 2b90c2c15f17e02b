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

/// The directory of a ``FileOffsetStore`` and its files. All calls block their thread.
struct OffsetDirectory: Sendable {
    let path: String
    var faults = FileFaults.none

    private var logPath: String { FileSystem.join(path, "offsets.log") }
    private var draftPath: String { FileSystem.join(path, "offsets.log.new") }
    private var lockPath: String { FileSystem.join(path, "lock") }

    /// Another process, or another store of this one, uses the directory.
    struct Held: Error, Sendable {
        /// The process, where it could be told.
        let process: Int32?
    }

    /// Makes the directory if it is missing, and locks it for this store alone.
    ///
    /// The file `lock` is never removed: a process that opened it before would lock a file that nobody else sees.
    func lock() throws -> FileDescriptor {
        try FileSystem.createDirectories(path)
        let lock = try FileDescriptor(lockPath, [.readingAndWriting, .creating])
        guard try lock.lockExclusively() else { throw Held(process: holder(in: lock)) }
        // Only a help for whoever finds it locked: without room for it the lock holds all the same.
        try? lock.truncate(to: 0)
        try? lock.write(Array("\(getpid())\n".utf8)[...], at: 0)
        return lock
    }

    private func holder(in lock: FileDescriptor) -> Int32? {
        guard let bytes = try? [UInt8](capacity: 32, filledBy: { try lock.read(into: $0, at: 0) }) else { return nil }
        return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    /// Whether the lock still keeps others out: not where somebody removed the file, as then another store locks a new one.
    func isLocked(by lock: FileDescriptor) -> Bool { isInPlace(lock, lockPath) }

    /// Whether the next store will read this log: not where somebody removed or replaced the file.
    func isRead(_ log: OffsetLogFile) -> Bool { isInPlace(log.file, logPath) }

    /// The error of a save without the lock.
    var lockLost: ConnectorError {
        ConnectorError(
            .fenced,
            "the lock file '\(lockPath)' was removed or replaced while the offset store was in use, so another process may "
                + "own the store; make sure that just one runs, and start it again"
        )
    }

    private func isInPlace(_ file: FileDescriptor, _ path: String) -> Bool {
        guard let own = try? file.status(), let named = try? FileSystem.status(of: path) else { return false }
        return own.isSameFile(as: named)
    }

    /// Reads the log, and removes what a compaction that was cut short left behind. A missing log is an empty one.
    func read() throws -> OffsetLogFormat.Content {
        try removeDraft()
        do {
            return try OffsetLogFormat.decode(try FileSystem.contents(of: logPath))
        } catch let error as FileError where error.isMissing {
            return OffsetLogFormat.Content()
        } catch let damage as OffsetLogFormat.Damage {
            throw damage.error(in: logPath)
        }
    }

    /// Writes a new log beside the one in use, and makes it durable.
    func draft(_ bytes: [UInt8]) throws(FileError) -> OffsetLogFile {
        do throws(FileError) {
            try faults.check(.create(draftPath), "make", draftPath)
            let file = try FileDescriptor(draftPath, [.writing, .creating, .truncating])
            return try OffsetLogFile(file, faults: faults).appending(bytes)
        } catch {
            // What stays behind after all is removed at the next start.
            try? removeDraft()
            throw error
        }
    }

    private func removeDraft() throws(FileError) {
        try faults.check(.remove(draftPath), "remove", draftPath)
        try FileSystem.remove(draftPath)
    }

    /// Puts a new log in the place of the one in use.
    func adopt(_ draft: OffsetLogFile) throws(FileError) -> OffsetLogFile {
        try faults.check(.rename(draftPath), "rename", draftPath)
        try FileSystem.rename(draftPath, to: logPath)
        try faults.check(.synchronizeDirectory(path), "synchronize the directory", path)
        try FileSystem.synchronizeDirectory(path)
        return draft
    }
}

/// A log that entries are appended to.
struct OffsetLogFile: Sendable {
    fileprivate let file: FileDescriptor
    private let faults: FileFaults
    /// The size of what is known to be durable, in bytes.
    private(set) var size: Int64 = 0

    fileprivate init(_ file: FileDescriptor, faults: FileFaults) {
        self.file = file
        self.faults = faults
    }

    /// The log with some more bytes at its end, which are durable. After a failure nothing is known about the file, and
    /// nobody writes to it again.
    func appending(_ bytes: [UInt8]) throws(FileError) -> OffsetLogFile {
        try faults.write(bytes, at: size, in: file)
        try faults.check(.synchronize(file.path), "synchronize", file.path)
        try file.synchronizeBlocking()
        var longer = self
        longer.size += Int64(bytes.count)
        return longer
    }
}

extension OffsetLogFormat.Damage {
    fileprivate func error(in path: String) -> ConnectorError {
        let advice =
            isForeign
            ? "choose another directory, or the version of the program that wrote it"
            : "restore the file from a copy, or remove it to begin from the start, which repeats records"
        return ConnectorError(
            .corruptOffsets,
            "the offset log '\(path)' cannot be used, at byte \(offset): \(reason); \(advice)"
        )
    }
}

extension OffsetDirectory.Held {
    func error(in directory: String, for request: ClaimRequest) -> ConnectorError {
        let owner =
            switch process {
            case getpid(): "another store of this process (\(getpid()))"
            case let process?: "process \(process)"
            case nil: "another process"
            }
        let advice =
            request.policy == .takeOver
            ? "it cannot be taken over from there: stop the owner first"
            : "stop the owner, or give this one a directory of its own"
        return ConnectorError(.retryable, "the offset store '\(directory)' is in use by \(owner); \(advice)")
    }
}
