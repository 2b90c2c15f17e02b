// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles
import Synchronization

/// A file that a sink of this process writes; it is known as long as the object lives.
///
/// A source that read what its own pipeline writes would never come to an end of it.
final class OpenOutput: Sendable {
    private struct Entry {
        let status: FileStatus
        let pipeline: String
    }

    private static let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    init(_ file: FileDescriptor, of pipeline: String) throws(FileError) {
        let entry = Entry(status: try file.status(), pipeline: pipeline)
        Self.entries.withLock { $0[ObjectIdentifier(self)] = entry }
    }

    deinit { Self.entries.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(self)) } }

    /// Whether a file is written by a sink of the pipeline, or, where that is `nil`, of any pipeline of this process.
    static func isWritten(_ status: FileStatus, by pipeline: String? = nil) -> Bool {
        entries.withLock { entries in
            entries.values.contains { entry in
                entry.status.isSameFile(as: status) && (pipeline == nil || entry.pipeline == pipeline)
            }
        }
    }
}
