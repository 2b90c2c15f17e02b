// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Finds the generations of an input: the file that its path leads to, and those that were there before.
///
/// The path may be a symbolic link. Then files are rotated where it leads to, and it may be moved on to another file,
/// by which the one before becomes an earlier generation without a change of its name.
struct InputSearch {
    let location: FileLocation

    init(_ location: FileLocation) {
        self.location = location
    }

    /// The file that the path leads to, and where that is; `nil` where there is none.
    ///
    /// A link that is moved on meanwhile is followed again.
    func present() throws -> Generation? {
        var place = try location.target()
        for _ in 0..<20 {
            guard let file = try Self.openIfPresent(location.path) else { return nil }
            let now = try location.target()
            if now == place { return try Generation(file, in: place) }
            place = now
        }
        throw ConnectorError(
            .retryable,
            "the symbolic link '\(location.path)' is moved all the time; have it lead to one file for a while"
        )
    }

    /// Opens an input; a pipe does not make it wait.
    ///
    /// - Returns: the file, or `nil` where there is none.
    private static func openIfPresent(_ path: String) throws -> FileDescriptor? {
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

    /// The generations that came after one and have content: the rotated ones, the oldest first, and the file at the path.
    ///
    /// A rotation may go on meanwhile. The file at the path is opened first, so that no generation is missed between it
    /// and the siblings; if it was truncated before those were listed, it is looked again.
    ///
    /// - Parameters:
    ///   - last: the generation that was read last, or `nil` for one that was there before all siblings.
    ///   - start: where the path led before there was anything to read.
    func followers(behind last: LineReader?, since start: FileLocation? = nil) throws -> [Generation] {
        while true {
            let found = try present()
            let target = try found?.place ?? location.target()
            let place = last?.place ?? start ?? target
            let hasMoved = place != target && place != location
            let siblings = try RotationSearch(place, of: location, isLeft: hasMoved).siblings(behind: last)
            let rotated = hasMoved ? try siblings + generations(from: place, to: target) : siblings
            guard let present = found, !present.isEmpty else { return rotated }
            // It was renamed since it was opened, and has its place among the others.
            if rotated.contains(where: present.isSameFile) { return rotated }
            if hasMoved { return rotated + [present] }
            // What is being copied is read from the file itself, or from the copy when that is complete.
            let complete = try rotated.filter { try !$0.isCopy(of: present) }
            if try present.isIntact() { return complete + [present] }
        }
    }

    /// What a link that was moved on led to in between, as far as the names tell.
    private func generations(from first: FileLocation, to last: FileLocation) throws -> [Generation] {
        guard first.directory == last.directory else { return [] }
        let (begin, end) = (SequenceName(first.name), SequenceName(last.name))
        return try FileSystem.list(first.directory)
            .map { (name: $0, order: SequenceName($0)) }
            .filter { begin.precedes($0.order) && $0.order.precedes(end) }
            .sorted { $0.order.precedes($1.order) }
            .compactMap { try Generation.ifReadable($0.name, in: first.sibling($0.name), name: .current) }
            .filter { !$0.isEmpty }
    }

    /// What may hold what was read when a position was stored, but for the file that is present.
    func candidates(for wanted: Wanted, besides present: Generation?) throws -> [Generation] {
        let place = try present?.place ?? location.target()
        var candidates = try RotationSearch(place, of: location).candidates()
        if place != location {
            candidates += try RotationSearch(location, of: location).candidates() + formerTargets(wanted, in: place)
        }
        return candidates.reduce(into: []) { found, candidate in
            // One name can begin with that of the link and with that of its target.
            guard !(found + [present].compactMap(\.self)).contains(where: candidate.isSameFile) else { return }
            found.append(candidate)
        }
    }

    /// The very file that was read, under whatever name a link may have led to it.
    private func formerTargets(_ wanted: Wanted, in place: FileLocation) throws -> [Generation] {
        try FileSystem.list(place.directory).compactMap { name in
            guard RotationName(name, of: place.name) == nil else { return nil }
            let former = place.sibling(name)
            guard let status = try? FileSystem.status(of: former.path), wanted.isPlace(of: status) else { return nil }
            return try Generation.ifReadable(name, in: former, name: .current)
        }
    }
}

extension FileLocation {
    /// Another name in the same directory.
    fileprivate func sibling(_ name: String) -> FileLocation { FileLocation(directory: directory, name: name) }
}
