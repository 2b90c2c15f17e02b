// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What the lines of a file have in common.
enum LinePartition {
    /// The event type of a line.
    static let type = "org.openconnect.file.line"

    /// The partition of a file, named by its path.
    static func make(_ location: FileLocation) throws -> RecordPartition {
        let defaults = RecordDefaults(
            source: try URIReference(location.uri),
            type: type,
            contentType: "text/plain",
            subject: subject
        )
        return RecordPartition(location.path, defaults: defaults)
    }

    /// The byte at which a line begins: its offset is behind its newline. A line without one has a subject of its own.
    @Sendable
    static func subject(_ offset: RecordOffset?, _ data: RecordData) -> String? {
        guard let end = offset?.sequence else { return nil }
        return String(end - Int64(data.count) - 1)
    }
}
