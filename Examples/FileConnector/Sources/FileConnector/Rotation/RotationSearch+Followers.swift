// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

extension RotationSearch {
    /// The generations that came after one and have content: the rotated ones, the oldest first, and the file at the path.
    ///
    /// A rotation may go on meanwhile. The file at the path is opened first, so that no generation is missed between it
    /// and the siblings; if it was truncated before those were listed, it is looked again.
    ///
    /// - Parameter last: the generation that was read last, or `nil` for one that was there before all siblings.
    func followers(behind last: LineReader?) throws -> [Generation] {
        while true {
            let present = try present()
            let siblings = try siblings(behind: last)
            guard let present else { return siblings }
            // It was renamed since it was opened, and has its place among the others.
            if siblings.contains(where: present.isSameFile) { return siblings }
            // What is being copied is read from the file itself, or from the copy when that is complete.
            let rotated = try siblings.filter { try !$0.isCopy(of: present) }
            if try present.isIntact() { return rotated + [present] }
        }
    }

    /// The file at the path, if there is content in it.
    private func present() throws -> Generation? {
        guard let file = try Self.openIfPresent(location.path) else { return nil }
        let present = try Generation(file)
        return present.isEmpty ? nil : present
    }

    private func siblings(behind last: LineReader?) throws(FileError) -> [Generation] {
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

    /// The copy that was made of a file before it was truncated: it begins alike, holds at least what was read, and was
    /// written after the file was last seen intact.
    ///
    /// Later generations may begin alike too, so it is the oldest, if the names say which that is.
    func copy(of reader: LineReader) throws(FileError) -> Generation? {
        guard !reader.identity.beginning.isEmpty else { return nil }
        let alike = try candidates().filter { sibling in
            !sibling.status.isSameFile(as: reader.status) && sibling.status.modified >= reader.lastModified
                && sibling.status.size >= reader.next && reader.identity.isBeginning(of: sibling.identity)
        }
        return alike.filter(\.isOrdered).min { $0.precedes($1) }
            ?? alike.max { $0.status.modified < $1.status.modified }
    }
}
