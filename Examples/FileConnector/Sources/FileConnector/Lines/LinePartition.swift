// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What the lines of a file have in common.
enum LinePartition {
    /// The event type of a line.
    static let type = "org.openconnect.file.line"

    /// The partition of a file, named by its path.
    static func make(_ location: FileLocation) throws -> RecordPartition {
        var defaults = RecordDefaults(source: try URIReference(location.uri), type: type, contentType: "text/plain")
        // The byte at which the line begins: its offset is behind its newline. A line without one has a subject of its own.
        defaults.setSubject { end, size in end - Int64(size) - 1 }
        return RecordPartition(location.path, defaults: defaults)
    }
}
