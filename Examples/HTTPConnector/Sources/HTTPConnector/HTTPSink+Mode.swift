// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

extension HTTPSink {
    /// How events are put into requests: the three modes of the HTTP binding.
    public struct Mode: Sendable, CustomStringConvertible {
        let content: ContentMode
        let formatName: String
        let format: (any EventFormat)?

        /// The attributes are headers, the data is the body.
        public static let binary = Mode(content: .binary, formatName: "binary", format: nil)

        /// The body is one event in a format.
        public static func structured(_ format: Format = .json) -> Mode {
            Mode(content: .structured, formatName: format.description, format: format.codec)
        }

        /// The body is a list of events in a format. Only for targets that are known to take batches.
        public static func batched(_ format: Format = .json) -> Mode {
            Mode(content: .batched, formatName: format.description, format: format.codec)
        }

        var isBatched: Bool { content == .batched }

        /// `binary`, or mode and format.
        public var description: String { format == nil ? "binary" : "\(content.rawValue) \(formatName)" }
    }

    /// The format of events in structured and batched mode.
    public struct Format: Sendable, CustomStringConvertible {
        /// The name of the format, as it is written in a configuration.
        public let description: String
        let codec: any EventFormat

        /// JSON, which every receiver reads.
        public static let json = Format(description: "json", codec: JSONEventFormat())
        /// Protocol Buffers.
        public static let protobuf = Format(description: "protobuf", codec: ProtobufEventFormat())
        /// Avro. It has no batches.
        public static let avro = Format(description: "avro", codec: AvroEventFormat())
        /// XML.
        public static let xml = Format(description: "xml", codec: XMLEventFormat())

        static let all = [json, protobuf, avro, xml]
    }
}
