// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

/// A file that is, or may be, a generation of an input: open, and as it was when it was found.
struct Generation {
    let file: FileDescriptor
    /// Where the files of which this is one are written and rotated: that of the input, or where its symbolic link led.
    let place: FileLocation
    /// What the name of a rotated file says; `nil` for the file at the path itself.
    let name: RotationName?
    let status: FileStatus
    let identity: FileIdentity

    init(_ file: FileDescriptor, in place: FileLocation, name: RotationName? = nil) throws(FileError) {
        self.file = file
        self.place = place
        self.name = name
        status = try file.status()
        identity = try FileIdentity(of: file, status)
    }

    /// The file of a name in the directory of its place; `nil` for one that may not be opened, that is no file, that was
    /// renamed this very moment, or that a sink of this process writes: outputs are not rotated.
    ///
    /// - Throws: where it cannot be read for another reason, such as too many open files: it must not be passed over.
    static func ifReadable(
        _ name: String,
        in place: FileLocation,
        name rotation: RotationName
    ) throws(FileError) -> Generation? {
        let path = FileSystem.join(place.directory, name)
        do {
            let status = try FileSystem.status(of: path)
            guard status.kind == .file, !OpenOutput.isWritten(status) else { return nil }
            return try Generation(FileDescriptor(path, [.reading, .withoutWaiting]), in: place, name: rotation)
        } catch  where error.isMissing || error.isDenied || error.isCircular {
            return nil
        }
    }

    var isEmpty: Bool { identity.beginning.isEmpty }

    /// Whether the name says where in the order of the generations this one stands.
    var isOrdered: Bool { name.map { $0.kind != .other } ?? false }

    func isSameFile(as other: Generation) -> Bool { status.isSameFile(as: other.status) }

    /// Whether the names say that this generation came after the other one.
    func isNewer(than other: Generation) -> Bool {
        guard let name, let others = other.name else { return false }
        return name.isNewer(than: others)
    }

    /// Whether this generation is to be read before the other one.
    func precedes(_ other: Generation) -> Bool {
        guard let name else { return false }
        return other.name.map { name.precedes($0) } ?? true
    }

    /// Whether the file still holds what it held when it was found.
    func isIntact() throws(FileError) -> Bool {
        let now = try file.status()
        guard now.size >= status.size else { return false }
        return try FileIdentity(of: file, now, upTo: Int64(identity.beginning.count)) == identity
    }

    /// Whether a line ends there, or the file: as everything does that was read.
    func endsLine(at offset: Int64) throws(FileError) -> Bool {
        guard offset > 0 else { return true }
        let around = try [UInt8](capacity: 2) { (buffer) throws(FileError) in
            try file.read(into: buffer, at: offset - 1)
        }
        // The newline of the last line may have been written after the line was taken.
        return around.count == 1 || around.contains(0x0A)
    }

    /// Whether this looks like the copy of a file that is about to be truncated: what it holds, the file begins with, and
    /// it was written last. The first 64 KiB have to do.
    func isCopy(of present: Generation) throws(FileError) -> Bool {
        guard status.modified >= present.status.modified else { return false }
        return try bytes(min(status.size, 64 << 10)) == present.bytes(min(status.size, 64 << 10))
    }

    private func bytes(_ count: Int64) throws(FileError) -> [UInt8] {
        try [UInt8](capacity: Int(count)) { (buffer) throws(FileError) in
            try file.read(into: buffer, at: 0)
        }
    }
}
