// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Finds the rotated generations of a file: the files in its directory whose names begin with its name.
struct RotationSearch {
    let place: FileLocation
    /// Whether nothing more comes to this place, so that the file of the name itself is one of the generations.
    let isLeft: Bool
    /// Whether a symbolic link leads here, whose targets may be removed with their directory.
    private let isLinked: Bool

    /// - Parameter location: the input for which it is looked.
    init(_ place: FileLocation, of location: FileLocation, isLeft: Bool = false) {
        self.place = place
        self.isLeft = isLeft
        isLinked = place != location
    }

    /// The siblings that can be read, each under the name it has.
    ///
    /// A rotation that goes on meanwhile moves files between the names, and one could be missed or be seen twice: so
    /// it is looked again until two looks see the same.
    func candidates() throws(FileError) -> [Generation] {
        var candidates = try look()
        for _ in 0..<20 {
            let again = try look()
            let isSame = again.elementsEqual(candidates) { $0.name == $1.name && $0.status.isSameFile(as: $1.status) }
            if isSame { return again }
            candidates = again
        }
        return candidates
    }

    private func look() throws(FileError) -> [Generation] {
        var found: [Generation] = []
        for name in try names() {
            guard let rotation = rotation(name), !rotation.isCompressed,
                let generation = try Generation.ifReadable(name, in: place, name: rotation)
            else { continue }
            found.append(generation)
        }
        return found
    }

    private func names() throws(FileError) -> [String] {
        do {
            return try FileSystem.list(place.directory)
        } catch {
            if isLinked, error.isMissing { return [] }
            throw error
        }
    }

    private func rotation(_ name: String) -> RotationName? {
        isLeft && name == place.name ? .current : RotationName(name, of: place.name)
    }

    /// The compressed siblings, which cannot be searched.
    func compressedNames() throws(FileError) -> [String] {
        try names().filter { RotationName($0, of: place.name)?.isCompressed == true }
    }

    /// The newest of the siblings whose names say an order.
    func newest() throws(FileError) -> Generation? {
        let siblings = try candidates().filter(\.isOrdered)
        // Where there are names of two kinds, those of one are left over from earlier days.
        guard let latest = siblings.max(by: { $0.status.modified < $1.status.modified }) else { return nil }
        return siblings.reduce(latest) { $1.isNewer(than: $0) ? $1 : $0 }
    }

    /// Those that came after a generation, the oldest first.
    func siblings(behind last: LineReader?) throws(FileError) -> [Generation] {
        let siblings = try candidates()
        let newer: (Generation) -> Bool
        if let last, let found = siblings.first(where: last.isReading) {
            newer = { $0.isNewer(than: found) }
        } else if let last {
            // The oldest generations are removed first. So the others are newer, but for those of which the names say
            // nothing or that were left over by something else; and so is a copy in the place of the last one.
            newer = { sibling in
                sibling.status.isSameFile(as: last.status)
                    || sibling.isOrdered && sibling.status.modified >= last.lastModified
            }
        } else {
            newer = \.isOrdered
        }
        return siblings.filter { !$0.isEmpty && newer($0) }.sorted { $0.precedes($1) }
    }

    /// The copy that was made of a file before it was truncated: it begins alike, holds at least what was read, to the end of
    /// a line, and was written since the file was first seen. The file itself may have been written after the copy.
    ///
    /// Later generations may begin alike too, so it is the oldest, if the names say which that is.
    func copy(of reader: LineReader) throws(FileError) -> Generation? {
        guard !reader.identity.beginning.isEmpty else { return nil }
        var alike: [Generation] = []
        for sibling in try candidates() where !sibling.status.isSameFile(as: reader.status) {
            guard sibling.status.modified >= reader.firstModified, sibling.status.size >= reader.next,
                reader.identity.isBeginning(of: sibling.identity), try sibling.endsLine(at: reader.next)
            else { continue }
            alike.append(sibling)
        }
        return alike.filter(\.isOrdered).min { $0.precedes($1) }
            ?? alike.max { $0.status.modified < $1.status.modified }
    }
}
