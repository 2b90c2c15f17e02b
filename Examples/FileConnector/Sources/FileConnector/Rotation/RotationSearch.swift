// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Finds the rotated generations of a file: the files in its directory whose names begin with its name.
struct RotationSearch {
    /// A file that may be a generation of the one that is looked for.
    struct Candidate {
        /// What the name says; `nil` for the file at the path itself.
        let name: RotationName?
        let file: FileDescriptor
        let status: FileStatus
        let identity: FileIdentity
    }

    private let location: FileLocation

    init(_ location: FileLocation) {
        self.location = location
    }

    /// Opens an input; a pipe does not make it wait.
    ///
    /// - Returns: the file, or `nil` where there is none.
    static func openIfPresent(_ path: String) throws -> FileDescriptor? {
        do {
            let file = try FileDescriptor(path, [.reading, .withoutWaiting])
            try check(file)
            return file
        } catch let error as FileError {
            if error.isMissing { return nil }
            throw error.connectorError("input:")
        }
    }

    private static func check(_ file: FileDescriptor) throws {
        let kind = try file.status().kind
        guard kind != .file else { return }
        let advice =
            switch kind {
            case .directory: "is a directory; give the paths of the files in it"
            case .pipe: "is a pipe, which cannot be read again after a restart; write it to a file and give that"
            default: "is not a regular file; write its content to a file and give that"
            }
        throw ConnectorError(.invalidConfiguration, "the input '\(file.path)' \(advice)")
    }

    /// The siblings that can be read, each under the name it has.
    ///
    /// A rotation that goes on meanwhile moves files between the names, and one could be missed or be seen twice: so
    /// it is looked again until two looks see the same.
    func candidates() throws(FileError) -> [Candidate] {
        var candidates = try look()
        for _ in 0..<20 {
            let again = try look()
            let isSame = again.elementsEqual(candidates) { $0.name == $1.name && $0.status.isSameFile(as: $1.status) }
            if isSame { return again }
            candidates = again
        }
        return candidates
    }

    private func look() throws(FileError) -> [Candidate] {
        var candidates: [Candidate] = []
        for name in try FileSystem.list(location.directory) {
            guard let rotation = RotationName(name, of: location.name), !rotation.isCompressed else { continue }
            let path = FileSystem.join(location.directory, name)
            // A sibling that cannot be read, or that was renamed this very moment, is none.
            guard let status = try? FileSystem.status(of: path), status.kind == .file,
                let file = try? FileDescriptor(path, [.reading, .withoutWaiting]),
                let candidate = try? Candidate(file, name: rotation)
            else { continue }
            candidates.append(candidate)
        }
        return candidates
    }

    /// The compressed siblings, which cannot be searched.
    func compressedNames() throws(FileError) -> [String] {
        try FileSystem.list(location.directory).filter { RotationName($0, of: location.name)?.isCompressed == true }
    }

    /// The generations that came after one and before the last, the oldest first.
    func generations(behind status: FileStatus, until last: FileDescriptor?) throws -> [FileDescriptor] {
        let all = try candidates()
        guard let found = all.first(where: { $0.status.isSameFile(as: status) }) else { return [] }
        return try Self.generations(behind: found, among: all, until: last?.status())
    }

    /// The same among candidates that are open already.
    static func generations(
        behind found: Candidate,
        among candidates: [Candidate],
        until last: FileStatus?
    ) -> [FileDescriptor] {
        guard let name = found.name else { return [] }
        var newer = candidates.filter { candidate in
            guard let other = candidate.name, !candidate.status.isSameFile(as: found.status) else { return false }
            return other.isNewer(than: name) && last.map(candidate.status.isSameFile) != true
        }
        newer.sort { left, right in
            guard let leftName = left.name, let rightName = right.name else { return false }
            return rightName.isNewer(than: leftName)
        }
        return newer.map(\.file)
    }

    /// The copy that was made of a file before it was truncated: it begins alike, holds at least what was read, and was
    /// written after the file was last seen intact.
    func copy(of reader: LineReader) throws -> Candidate? {
        guard !reader.identity.beginning.isEmpty else { return nil }
        return try candidates().filter { candidate in
            !candidate.status.isSameFile(as: reader.status) && candidate.status.modified >= reader.lastModified
                && candidate.status.size >= reader.next && reader.identity.isBeginning(of: candidate.identity)
        }.max { $0.status.modified < $1.status.modified }
    }
}

extension RotationSearch.Candidate {
    init(_ file: FileDescriptor, name: RotationName?) throws(FileError) {
        self.file = file
        self.name = name
        status = try file.status()
        identity = try FileIdentity(of: file, status)
    }
}
