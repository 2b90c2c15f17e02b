// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

extension FileLocation {
    /// Where the file itself is, or would be, all symbolic links followed: this location where it is no link.
    func target() throws(FileError) -> FileLocation {
        var place = self
        // As many as a system follows; those of a circle are reported when the file is opened.
        for _ in 0..<40 {
            guard let link = try FileSystem.link(at: place.path), let next = try place.following(link) else { break }
            place = next
        }
        return place
    }

    /// Where a link leads that is found here; `nil` where that is no place for a file.
    private func following(_ link: String) throws(FileError) -> FileLocation? {
        let path = link.hasPrefix("/") ? link : FileSystem.join(directory, link)
        guard let name = path.split(separator: "/").last, !path.hasSuffix("/"), name != ".", name != ".." else {
            return nil
        }
        do {
            return FileLocation(directory: try FileSystem.resolved(FileSystem.parent(of: path)), name: String(name))
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }
}
