// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How a file is opened.
package struct FileAccess: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    /// For reading only.
    package static let reading = FileAccess(rawValue: O_RDONLY)
    /// For writing only.
    package static let writing = FileAccess(rawValue: O_WRONLY)
    /// For both.
    package static let readingAndWriting = FileAccess(rawValue: O_RDWR)
    /// Every write goes to the end.
    package static let appending = FileAccess(rawValue: O_APPEND)
    /// The file is made if it is not there.
    package static let creating = FileAccess(rawValue: O_CREAT)
    /// With ``creating``: an existing file is an error.
    package static let exclusively = FileAccess(rawValue: O_EXCL)
    /// What the file held is thrown away.
    package static let truncating = FileAccess(rawValue: O_TRUNC)
    /// Anything but a directory is an error.
    package static let directory = FileAccess(rawValue: O_DIRECTORY)
    /// A symbolic link is an error.
    package static let withoutFollowing = FileAccess(rawValue: O_NOFOLLOW)
    #if os(Linux)
    /// Writes are of whole blocks, and go past the system's cache (`O_DIRECT`).
    #if canImport(Musl)
    static let pastCache = FileAccess(rawValue: O_DIRECT)
    #else
    static let pastCache = FileAccess(rawValue: __O_DIRECT)
    #endif
    #endif
    /// Opening a pipe that nobody writes to does not wait.
    package static let withoutWaiting = FileAccess(rawValue: O_NONBLOCK)
}

/// An open file. It is closed with its last reference, so that no call can meet a closed, or somebody else's, descriptor.
///
/// Every call blocks its thread unless it is declared `async`. Calls from several threads are safe for memory; who cares
/// about the order of reads and writes takes care of it.
///
/// Writing beyond the process's limit of the file size raises `SIGXFSZ`, which ends a process that does not ignore it;
/// only where it is ignored does the error `EFBIG` appear. A library leaves signals to the executable.
package final class FileDescriptor: Sendable {
    /// The number the system knows it by.
    package let number: Int32
    /// The path it was opened with.
    package let path: String

    /// Opens a file; a child process does not inherit it.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - access: what will be done with it.
    ///   - permissions: those of a file that is made by this.
    package init(_ path: String, _ access: FileAccess, permissions: UInt32 = 0o644) throws(FileError) {
        while true {
            let number = open(path, access.rawValue | O_CLOEXEC, mode_t(permissions))
            if number >= 0 {
                self.number = number
                self.path = path
                return
            }
            guard errno == EINTR else { throw .last("open", path) }
        }
    }

    /// Takes over an open descriptor.
    package init(adopting number: Int32, path: String) {
        self.number = number
        self.path = path
    }

    /// Opens the same file once more, for writes of whole blocks that go past the system's cache.
    ///
    /// - Returns: `nil` where the system or the file system has no such writes.
    package func reopenedPastCache() throws(FileError) -> FileDescriptor? {
        #if os(Linux)
        do throws(FileError) {
            return try FileDescriptor("/proc/self/fd/\(number)", [.writing, .pastCache])
        } catch  where error.isUnsupported || error.isMissing {
            return nil
        }
        #else
        return nil
        #endif
    }

    /// A lock is given back first: a child process that is just being started holds a copy of the descriptor until its
    /// `exec`, and with it the lock.
    deinit {
        _ = flock(number, LOCK_UN)
        _ = close(number)
    }

    /// What the system knows about the file.
    package func status() throws(FileError) -> FileStatus {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw .last("examine", path) }
        return FileStatus(raw)
    }

    /// Cuts the file, or fills it with zero bytes, to a size.
    package func truncate(to size: Int64) throws(FileError) {
        while ftruncate(number, off_t(size)) != 0 {
            guard errno == EINTR else { throw .last("cut", path) }
        }
    }

    /// Moves the place of the next ``read(into:)`` or ``write(_:)``, counted in bytes from the beginning.
    package func seek(to offset: Int64) throws(FileError) {
        guard lseek(number, off_t(offset), SEEK_SET) >= 0 else { throw .last("seek in", path) }
    }

    /// Takes the lock on the file for this open file alone, without waiting; the system takes it back when the file is
    /// closed, whatever way the process ends.
    ///
    /// Opening the file a second time, in this process too, makes a rival.
    /// - Returns: whether it was free.
    package func lockExclusively() throws(FileError) -> Bool {
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw .last("lock", path) }
        }
        return true
    }

    /// Gives the lock back.
    package func unlock() {
        _ = flock(number, LOCK_UN)
    }
}
