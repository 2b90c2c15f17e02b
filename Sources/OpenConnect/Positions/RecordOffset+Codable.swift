// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import FoundationEssentials

extension RecordOffset {
    /// An offset made of several fields, stored with the version of their schema.
    ///
    /// - Parameters:
    ///   - value: the fields.
    ///   - version: the version of the schema, at least 1; raise it when the fields change their meaning.
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names the field which cannot be stored.
    public init(encoding value: some Encodable, version: Int = 1) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            let json = try encoder.encode(value)
            let large = LargeOffset(bytes: SharedBytes(json), version: version)
            self.init(form: .encoded, first: 0, second: 0, large: large)
        } catch let EncodingError.invalidValue(field, context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw ConnectorError(
                .invalidRecord,
                "the offset's field '\(path)' cannot be stored: \(field) is not a value that JSON has"
            )
        }
    }

    /// The version of the schema that the fields were stored with, or `nil` where the offset has no fields.
    public var schemaVersion: Int? { form == .encoded ? large?.version : nil }

    /// Reads the fields back.
    ///
    /// - Parameters:
    ///   - type: the type of the fields.
    ///   - version: the version of the schema that the type stands for.
    ///   - migrate: makes the value from the JSON text of an older version; `nil` refuses it.
    /// - Throws: ``ConnectorError`` with the code `corruptOffsets` where the offset is something else.
    public func decoded<Value: Decodable>(
        as type: Value.Type,
        version: Int = 1,
        migrate: ((_ version: Int, _ json: String) throws -> Value?)? = nil
    ) throws -> Value {
        guard form == .encoded, let large else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset \(self) is not a \(type); it was stored by another source"
            )
        }
        if large.version != version {
            if let value = try migrate?(large.version, String(decodingUTF8: large.bytes)) { return value }
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset has schema version \(large.version), this source reads version \(version); "
                    + "use the version of the connector that stored it, or begin anew without the stored offset"
            )
        }
        do {
            return try JSONDecoder().decode(type, from: Data(large.bytes))
        } catch {
            throw ConnectorError(.corruptOffsets, "the stored offset \(self) cannot be read as \(type)", cause: error)
        }
    }
}
