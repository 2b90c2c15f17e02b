// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Which fields of an entry hold what of a record; all other fields are headers.
struct EntryFields: Sendable, Hashable {
    /// The field of the payload, whose name can be chosen.
    var data: SharedBytes
    /// The field of the key.
    let key = SharedBytes(utf8: "key")
    /// The field of the media type.
    let contentType = SharedBytes(utf8: "content-type")
    /// What an entry has that has nothing else, since none can be empty.
    let nothing = SharedBytes()

    init(data: String) { self.data = SharedBytes(utf8: data) }

    /// Whether a header of this name would be taken for something else.
    func isReserved(_ name: SharedBytes) -> Bool { name == data || name == key || name == contentType || name.isEmpty }
}
