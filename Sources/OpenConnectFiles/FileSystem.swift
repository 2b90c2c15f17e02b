// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What is done to files by their path. All calls block their thread.
package enum FileSystem {
    /// What the system knows about the file that a path leads to, symbolic links followed.
    package static func status(of path: String) throws(FileError) -> FileStatus {
        var raw = stat()
        guard stat(path, &raw) == 0 else { throw .last("examine", path) }
        return FileStatus(raw)
    }

    /// The same, or `nil` where there is no such file.
    package static func statusIfPresent(of path: String) throws(FileError) -> FileStatus? {
        do {
            return try status(of: path)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    /// Gives a file another name, in the place of the file that had it.
    package static func rename(_ path: String, to other: String) throws(FileError) {
        guard systemRename(path, other) == 0 else { throw .last("rename to '\(other)' the file", path) }
    }

    /// Removes a file.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    package static func remove(_ path: String) throws(FileError) -> Bool {
        if unlink(path) == 0 { return true }
        if errno == ENOENT { return false }
        throw .last("remove", path)
    }

    /// Makes what was done to the names in a directory survive a loss of power: new files, renamed and removed ones.
    package static func synchronizeDirectory(_ path: String) throws(FileError) {
        let directory = try FileDescriptor(path, [.reading, .directory])
        while fsync(directory.number) != 0 {
            // A file system that cannot synchronize a directory says so by EINVAL, and there is nothing else to do.
            if errno == EINVAL { return }
            guard errno == EINTR else { throw .last("synchronize the directory", path) }
        }
    }

    /// Makes a directory and those above it that are missing, and makes them survive a loss of power.
    package static func createDirectories(_ path: String, permissions: UInt32 = 0o755) throws(FileError) {
        if mkdir(path, mode_t(permissions)) == 0 { return try synchronizeDirectory(parent(of: path)) }
        let code = errno
        if code == EEXIST || code == EISDIR {
            guard try status(of: path).kind == .directory else {
                throw FileError(code: ENOTDIR, operation: "make the directory", path: path)
            }
            return
        }
        let above = parent(of: path)
        guard code == ENOENT, above != path else {
            throw FileError(code: code, operation: "make the directory", path: path)
        }
        try createDirectories(above, permissions: permissions)
        if mkdir(path, mode_t(permissions)) != 0, errno != EEXIST { throw .last("make the directory", path) }
        try synchronizeDirectory(above)
    }

    /// The names in a directory, sorted, without `.` and `..`. A name that is not UTF-8 appears repaired, and cannot be
    /// opened by that.
    package static func list(_ path: String) throws(FileError) -> [String] {
        guard let directory = opendir(path) else { throw .last("list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(directory) {
            // Through the pointer: an entry may be shorter than its type.
            let name = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            names.append(String(cString: name.assumingMemoryBound(to: CChar.self)))
            errno = 0
        }
        guard errno == 0 else { throw .last("list", path) }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    /// The absolute path without symbolic links, `.` and `..`. The file has to exist.
    package static func resolved(_ path: String) throws(FileError) -> String {
        guard let resolved = realpath(path, nil) else { throw .last("resolve", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Where a symbolic link leads, as it is written in it, or `nil` where there is no symbolic link.
    package static func link(at path: String) throws(FileError) -> String? {
        do {
            let bytes = try [UInt8](capacity: Int(PATH_MAX)) { (buffer) throws(FileError) in
                let count = readlink(path, buffer.bindMemory(to: CChar.self).baseAddress!, buffer.count)
                guard count >= 0 else { throw .last("read the symbolic link", path) }
                return count
            }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            if error.isMissing || error.code == EINVAL { return nil }
            throw error
        }
    }

    /// Reads a whole file, or pipe, that fits into memory.
    ///
    /// - Parameter limit: the most bytes it may have; more is the error `EFBIG`.
    package static func contents(of path: String, limit: Int = Int(Int32.max)) throws(FileError) -> [UInt8] {
        try FileDescriptor(path, .reading).rest(limit: limit)
    }

    /// The directory that a path lies in.
    package static func parent(of path: String) -> String {
        var rest = Substring(path)
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        rest = rest[..<slash]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        return rest.isEmpty ? "/" : String(rest)
    }

    /// A name in a directory.
    package static func join(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }
}

extension FileDescriptor {
    /// All bytes from the current place to the end, also of a file that grows meanwhile or does not know its size.
    ///
    /// - Parameter limit: the most bytes there may be; more is the error `EFBIG`.
    package func rest(limit: Int = Int(Int32.max)) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        // One more than is expected, so that the end shows at the second call.
        var capacity = min(max(Int(try status().size), 4096), limit) + 1
        while true {
            let more = try chunk(capacity)
            if more.isEmpty { return bytes }
            bytes = bytes.isEmpty ? more : bytes + more
            guard bytes.count <= limit else {
                throw FileError(code: EFBIG, operation: "read", path: path, transferred: bytes.count)
            }
            capacity = max(capacity - more.count, 4096)
        }
    }

    private func chunk(_ capacity: Int) throws(FileError) -> [UInt8] {
        try [UInt8](capacity: capacity) { buffer throws(FileError) in try read(into: buffer) }
    }
}

extension [UInt8] {
    /// Makes room for some bytes, and lets a call that reports its failure fill it.
    package init<Failure: Error>(
        capacity: Int,
        filledBy fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        var failure: Failure?
        self.init(unsafeUninitializedCapacity: capacity) { buffer, count in
            do throws(Failure) {
                count = try fill(UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

// The static methods above have the names of the functions.
private func systemRename(_ path: String, _ other: String) -> Int32 { rename(path, other) }
