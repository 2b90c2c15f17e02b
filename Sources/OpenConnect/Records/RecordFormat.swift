// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Turns a record into key, headers and bytes, and back. Every connector offers it as its setting `format`.
///
/// A format is a value that any task uses at any time. An application adds formats of its own by conforming to the
/// protocol.
public protocol RecordFormat: Sendable {
    /// The name by which a configuration chooses the format.
    var name: String { get }

    /// The record as a transport carries it.
    ///
    /// Position, and whatever the format has no place for, are left out.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - defaults: what an event says where the record says nothing.
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names what the format cannot hold.
    func encode(_ record: ConnectorRecord, defaults: EventDefaults) throws -> EncodedRecord

    /// The record that a transport carried, in the single partition and without an offset: who read it sets both.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names what is wrong.
    func decode(_ encoded: EncodedRecord) throws -> ConnectorRecord
}

extension ConnectorRecord {
    /// A record that a transport carried outside of an event.
    init(_ data: RecordData, key: RecordData?, of encoded: EncodedRecord) {
        self.init(data)
        guard key != nil || !encoded.headers.isEmpty || encoded.contentType != nil else { return }
        editDetails { details in
            details.key = key
            details.headers = encoded.headers
            details.contentType = encoded.contentType
        }
    }
}

extension RecordData {
    /// The bytes for a transport, where absence is something else than no bytes.
    func transported() throws -> SharedBytes? {
        switch form {
        case .absent: nil
        case .bytes, .text, .json: payload
        case .structured: try structured.validatedJSON()
        }
    }
}
