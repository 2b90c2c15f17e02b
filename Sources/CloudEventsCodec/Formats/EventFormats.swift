// SPDX-License-Identifier: Apache-2.0

/// The event formats that a receiver understands, found by content type.
public struct EventFormats: Sendable {
    private let formats: [any EventFormat]

    /// Takes formats; of two with one content type the first counts.
    public init(_ formats: [any EventFormat]) {
        self.formats = formats
    }

    /// All formats of this library.
    ///
    /// - Parameter limits: how much their decoders take.
    public static func all(limits: CodecLimits = CodecLimits()) -> EventFormats {
        EventFormats([
            JSONEventFormat(limits: limits), ProtobufEventFormat(limits: limits), AvroEventFormat(limits: limits),
            XMLEventFormat(limits: limits),
        ])
    }

    /// The format whose events have a content type, whatever its case and parameters (C8).
    public func format(forContentType contentType: String) -> (any EventFormat)? {
        guard let essence = try? MediaType(contentType).essence else { return nil }
        return formats.first { $0.contentType == essence }
    }

    /// The format whose batches have a content type, whatever its case and parameters (C8).
    public func format(forBatchContentType contentType: String) -> (any EventFormat)? {
        guard let essence = try? MediaType(contentType).essence else { return nil }
        return formats.first { $0.batchContentType == essence }
    }
}
