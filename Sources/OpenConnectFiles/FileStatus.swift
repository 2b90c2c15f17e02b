// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
package import Darwin
#elseif canImport(Musl)
package import Musl
#else
package import Glibc
#endif

/// What the system knows about a file.
package struct FileStatus: Sendable, Hashable {
    /// What a path can lead to.
    package enum Kind: Sendable, Hashable { case file, directory, pipe, other }

    /// The device that the file is on. With ``inode`` it identifies the file as long as it exists.
    package let device: UInt64
    /// The number of the file on its device.
    package let inode: UInt64
    /// The size in bytes.
    package let size: Int64
    /// The time of the last change of the content, in nanoseconds since 1970.
    package let modified: Int64
    /// How many names the file has; 0 for a removed one that is still open.
    package let links: Int
    /// What it is.
    package let kind: Kind

    package init(_ raw: stat) {
        device = UInt64(truncatingIfNeeded: raw.st_dev)
        inode = UInt64(raw.st_ino)
        size = Int64(raw.st_size)
        #if canImport(Darwin)
        let time = raw.st_mtimespec
        #else
        let time = raw.st_mtim
        #endif
        modified = Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        links = Int(raw.st_nlink)
        kind =
            switch raw.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFIFO: .pipe
            default: .other
            }
    }

    /// Whether both describe one file, possibly under two names or at two times.
    package func isSameFile(as other: FileStatus) -> Bool {
        device == other.device && inode == other.inode
    }
}
