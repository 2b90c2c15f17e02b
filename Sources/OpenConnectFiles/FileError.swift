// SPDX-License-Identifier: Apache-2.0

package import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A system call on a file that failed.
package struct FileError: Error, Sendable, Hashable {
    /// The number the system gave (`ENOENT`, …).
    package let code: Int32
    /// What was tried, as a verb: `open`, `write`, `rename`.
    package let operation: String
    /// The file it was tried on.
    package let path: String
    /// How many bytes of a write or a read were transferred before it failed.
    package let transferred: Int

    package init(code: Int32, operation: String, path: String, transferred: Int = 0) {
        self.code = code
        self.operation = operation
        self.path = path
        self.transferred = transferred
    }

    /// The failure of the call that has just returned.
    static func last(_ operation: String, _ path: String, transferred: Int = 0) -> FileError {
        FileError(code: errno, operation: operation, path: path, transferred: transferred)
    }

    /// Whether the file or a directory on the way to it does not exist.
    package var isMissing: Bool { code == ENOENT }

    /// Whether this user may not do it.
    package var isDenied: Bool { code == EACCES || code == EPERM }

    /// Whether the symbolic links on the way to the file lead in a circle.
    package var isCircular: Bool { code == ELOOP }

    /// Whether the system does not do such a thing with this file.
    package var isUnsupported: Bool { code == EINVAL || code == EOPNOTSUPP }

    /// Whether there is no room: the disk, the quota, or the largest size a file may have.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
}

extension FileError: CustomStringConvertible {
    /// What was tried on which file, and the system's own words.
    package var description: String {
        "cannot \(operation) '\(path)': \(String(cString: strerror(code)))"
    }
}

extension FileError {
    /// What somebody who runs the connector can do about it.
    package var advice: String? {
        switch code {
        case ENOENT: "check the path: the file or one of its directories does not exist"
        case EACCES, EPERM: "give this user the right to it, or run as a user who has it"
        case EISDIR: "give the path of a file: this is a directory"
        case ENOTDIR: "correct the path: a part of it is a file, not a directory"
        case ENOSPC: "free space on this file system"
        case EDQUOT: "free space or raise this user's quota"
        case EFBIG: "raise the largest file size (ulimit -f, or the file system's own limit), or begin a new file"
        case EROFS: "choose a path on a file system that is mounted for writing"
        case EMFILE, ENFILE: "raise the number of open files (ulimit -n)"
        case ELOOP: "correct the symbolic links of the path: they lead in a circle"
        case ENAMETOOLONG: "choose a shorter path"
        case EIO: "check the disk: it did not do what it was asked to"
        default: nil
        }
    }

    private var connectorCode: ConnectorError.Code {
        switch code {
        case ENOENT, EACCES, EPERM, EISDIR, ENOTDIR, EROFS, ELOOP, ENAMETOOLONG: .invalidConfiguration
        // There is no room at present, whatever the record: it is waited for as for a system that cannot be reached.
        case ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM: .throttled
        case EAGAIN, EBUSY, EINTR, ENOLCK: .retryable
        case ESTALE, ETIMEDOUT, ENODEV, ENXIO: .notConnected
        default: .fatal
        }
    }

    /// The failure as a connector reports it: its class, the file, and what to do.
    ///
    /// - Parameter purpose: what the file is, in a few words that begin the message: `the offset store`.
    package func connectorError(
        _ purpose: String? = nil,
        code: ConnectorError.Code? = nil,
        file: String = #fileID,
        line: Int = #line
    ) -> ConnectorError {
        let start = purpose.map { "\($0) \(description)" } ?? description
        let message = advice.map { "\(start); \($0)" } ?? start
        return ConnectorError(code ?? connectorCode, message, cause: self, file: file, line: line)
    }
}
