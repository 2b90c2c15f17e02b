// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Finds the rotated generations of a file: the files in its directory whose names begin with its name.
struct RotationSearch {
    let location: FileLocation

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
        var candidates: [Generation] = []
        for name in try FileSystem.list(location.directory) {
            guard let rotation = RotationName(name, of: location.name), !rotation.isCompressed else { continue }
            let path = FileSystem.join(location.directory, name)
            // A sibling that cannot be read, or that was renamed this very moment, is none.
            guard let status = try? FileSystem.status(of: path), status.kind == .file,
                let file = try? FileDescriptor(path, [.reading, .withoutWaiting]),
                let candidate = try? Generation(file, name: rotation)
            else { continue }
            candidates.append(candidate)
        }
        return candidates
    }

    /// The compressed siblings, which cannot be searched.
    func compressedNames() throws(FileError) -> [String] {
        try FileSystem.list(location.directory).filter { RotationName($0, of: location.name)?.isCompressed == true }
    }

    /// The newest of the siblings whose names say an order.
    func newest() throws(FileError) -> Generation? {
        let siblings = try candidates().filter(\.isOrdered)
        // Where there are names of two kinds, those of one are left over from earlier days.
        guard let latest = siblings.max(by: { $0.status.modified < $1.status.modified }) else { return nil }
        return siblings.reduce(latest) { $1.isNewer(than: $0) ? $1 : $0 }
    }
}
