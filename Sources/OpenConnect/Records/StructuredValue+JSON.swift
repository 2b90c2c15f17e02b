// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

extension StructuredValue {
    /// How deep objects and arrays may be nested, so that an event with the value stays within the codec's limits.
    package static let maximumDepth = 126

    /// Reads the text of one JSON value.
    ///
    /// A whole number that fits 64 bits becomes an integer; a number whose shortest text as a double is the very text
    /// that was read becomes a double; any other is kept as its own digits. So ``json`` writes each number as it was
    /// read, and the members of an object in the order in which they were read. Only white space and the way of writing
    /// a character in a string (`\u00e9`, `\/`) are not kept.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` and the byte's place, where the text is not JSON
    ///   (RFC 8259), an object has two members of one name (compared by bytes), or the nesting is deeper than 126 levels.
    public init(json text: SharedBytes) throws {
        do {
            self = try text.withUnsafeBytes { bytes throws(CloudEventError) in
                var parser = StructuredValueParser(bytes)
                return try parser.text()
            }
        } catch {
            throw ConnectorError.invalidJSON("the text", error)
        }
    }

    /// The value as JSON text without white space.
    ///
    /// Digits are written as they are held, members in their order. What JSON has no form for becomes a string: bytes
    /// in base64, a timestamp in RFC 3339, a double that is not finite as `NaN`, `Infinity` or `-Infinity`, a decimal
    /// that JSON does not know as its own text. Nothing becomes null. ``validatedJSON()`` refuses the last two instead.
    public var json: SharedBytes {
        var writer = JSONWriter(capacity: 256)
        StructuredValueWriter.write(self, to: &writer)
        return writer.finish()
    }

    /// The value as JSON text, where every number in it is one of JSON.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names the place of a double that is not finite, of
    ///   a decimal that is no number of JSON, or of a nesting deeper than 126 levels.
    public func validatedJSON() throws -> SharedBytes { try validatedJSON(depth: 0) }

    /// The same for a value that stands within so many objects and arrays.
    package func validatedJSON(depth: Int) throws -> SharedBytes {
        if let defect = StructuredValueWriter.defect(of: self, depth: depth) {
            throw ConnectorError(.invalidRecord, "JSON has no form for the structured value: \(defect)")
        }
        return json
    }
}

extension ConnectorError {
    /// Says what is not JSON, why, and where.
    static func invalidJSON(_ subject: String, _ error: CloudEventError) -> ConnectorError {
        let place = error.offset.map { " (byte \($0))" } ?? ""
        return ConnectorError(.invalidRecord, "\(subject) is not a usable JSON value: \(error.message)\(place)")
    }
}
