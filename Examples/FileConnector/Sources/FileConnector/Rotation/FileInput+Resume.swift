// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

extension FileInput {
    /// Opens an input where it was left, in whatever file that now is.
    ///
    /// - Parameter stored: the committed offset, or `nil` to begin at the first byte.
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` for an input that cannot be read,
    ///   `corruptOffsets` where no file has what follows the stored position.
    static func open(
        _ location: FileLocation,
        partition: RecordPartition,
        from stored: RecordOffset?,
        reading: Reading
    ) throws -> FileInput {
        do {
            let present = try InputSearch(location).present()
            if let stored { return try resume(location, partition, Wanted(stored, location), present, reading) }
            guard present != nil || reading.follows else { throw missing(location) }
            return try begin(location, partition, present, reading)
        } catch let error as FileError {
            throw error.connectorError("input:")
        }
    }

    /// An input that begins at the first byte. An empty file that is followed is waited for like one that is not there.
    private static func begin(
        _ location: FileLocation,
        _ partition: RecordPartition,
        _ present: Generation?,
        _ reading: Reading
    ) throws -> FileInput {
        let start = try present?.place ?? location.target()
        if let present, !present.isEmpty || !reading.follows {
            let reader = reading.reader(present)
            return FileInput(location, partition: partition, reading: reading, reader: reader, since: start)
        }
        let earlier = try RotationSearch(start, of: location).newest().map { reading.reader($0) }
        return FileInput(location, partition: partition, reading: reading, behind: earlier, since: start)
    }

    private static func resume(
        _ location: FileLocation,
        _ partition: RecordPartition,
        _ wanted: Wanted,
        _ present: Generation?,
        _ reading: Reading
    ) throws -> FileInput {
        let found = try find(wanted, present)
        if found.name == nil, found.isEmpty { return try begin(location, partition, found, reading) }
        let reader = reading.reader(found, at: try wanted.beginning(in: found.file))
        var input = FileInput(location, partition: partition, reading: reading, reader: reader, since: found.place)
        // A file at the path itself has no followers.
        if found.name != nil { try input.lookForFollowers() }
        return input
    }

    /// The generation to go on with.
    private static func find(_ wanted: Wanted, _ present: Generation?) throws -> Generation {
        if let present, wanted.isExactly(present) { return present }
        let siblings = try InputSearch(wanted.location).candidates(for: wanted, besides: present)
        let place = try present?.place ?? wanted.location.target()
        let compressed = try RotationSearch(place, of: wanted.location).compressedNames()
        return try wanted.choose(siblings, present, in: place, compressed: compressed)
    }

    private static func missing(_ location: FileLocation) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the input '\(location.path)' does not exist; correct the path, or follow it to wait until it appears"
        )
    }
}

/// A stored position, and what a file must be to hold what follows it.
struct Wanted {
    let location: FileLocation
    let offset: Int64
    let incarnation: Incarnation

    init(_ stored: RecordOffset, _ location: FileLocation) throws {
        guard let offset = stored.sequence, offset >= 0 else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset \(stored) of '\(location.path)' is not a place in a file; the state was made by another "
                    + "source; use the state directory that belongs to this one"
            )
        }
        self.location = location
        self.offset = offset
        incarnation = Incarnation(bits: stored.incarnation)
    }

    /// Whether it is the very file, still holding what was read.
    func isExactly(_ candidate: Generation) -> Bool {
        isAlike(candidate) && candidate.identity.incarnation(at: offset).place == incarnation.place
    }

    /// Whether it is where the very file was.
    func isPlace(of status: FileStatus) -> Bool {
        FileIdentity(device: status.device, inode: status.inode).beginningIncarnation.place == incarnation.place
    }

    /// Whether it holds what was read, if perhaps as a copy.
    private func isAlike(_ candidate: Generation) -> Bool {
        candidate.identity.contains(offset, of: incarnation, size: candidate.status.size)
    }

    /// Whether it can be a copy of the very file: not one that only has the same header, where most offsets are in a line.
    private func holdsWhatWasRead(_ candidate: Generation) throws -> Bool {
        try isAlike(candidate) && candidate.endsLine(at: offset)
    }

    /// The file to go on with: the very file under its new name, or else the only one that has the same content.
    func choose(
        _ siblings: [Generation],
        _ present: Generation?,
        in place: FileLocation,
        compressed: [String]
    ) throws -> Generation {
        if let found = siblings.first(where: isExactly) { return found }
        let isOfNothing = offset == 0 && incarnation.isOfNothing
        let alike = isOfNothing ? [] : try (siblings + [present].compactMap(\.self)).filter(holdsWhatWasRead)
        if alike.count == 1 { return alike[0] }
        var reason = "no file holds what was read up to the stored position, byte \(offset) of the input"
        if let present {
            let size = present.status.size
            reason +=
                size < offset
                ? "; the file there now has only \(size) bytes: it was truncated or replaced"
                : "; the file there now is another one: "
                    + (isAlike(present) ? "it begins alike, but no line ends at that byte" : "it begins otherwise")
        } else {
            reason += "; there is no file now"
        }
        if !alike.isEmpty {
            let names = alike.map { "'\($0.file.path)'" }.joined(separator: ", ")
            reason = "several files could hold what was read up to byte \(offset) of the input: \(names)"
        }
        throw notFound(reason, searched: siblings, in: place, compressed)
    }

    private func notFound(
        _ reason: String,
        searched: [Generation],
        in place: FileLocation,
        _ compressed: [String]
    ) -> ConnectorError {
        let names = searched.map { "'\($0.file.path)'" }.joined(separator: ", ")
        let packed = compressed.isEmpty ? "" : ", or unpack it (\(compressed.joined(separator: ", ")))"
        return ConnectorError(
            .corruptOffsets,
            "cannot go on with the input '\(location.path)': \(reason); looked for its rotated file among the names "
                + "'\(place.name)…' in '\(place.directory)' (\(names.isEmpty ? "none" : names)); put the file that "
                + "was read back there under such a name\(packed), or begin anew with another state directory and output"
        )
    }

    /// Where reading goes on: at the stored offset, behind a newline that was written after the line before it had been
    /// taken for the last one.
    func beginning(in file: FileDescriptor) throws(FileError) -> Int64 {
        guard offset > 0 else { return 0 }
        let around = try [UInt8](capacity: 2) { (buffer) throws(FileError) in
            try file.read(into: buffer, at: offset - 1)
        }
        return around.count == 2 && around[0] != 0x0A && around[1] == 0x0A ? offset + 1 : offset
    }
}
