// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// The CloudEvents attributes that all records of a partition have in common, or that can be computed from a record.
///
/// They belong to the ``RecordPartition`` and cost a record nothing: what is never asked for is never made.
public struct RecordDefaults: Sendable {
    /// The event source of the records.
    public var source: URIReference?
    /// The event type of the records.
    public var type: String?
    /// The media type of the records' data.
    public var contentType: String?
    /// The schema of the records' data.
    public var schema: URI?
    /// Computes the subject of a record from its offset and data. It is called before either of them is changed.
    public var subject: (@Sendable (_ offset: RecordOffset?, _ data: RecordData) -> String?)? {
        didSet { subjectNumber = nil }
    }
    /// The same for a subject that is a number, from a sequence number and the size of the data: whoever writes its digits
    /// needs no text.
    private(set) var subjectNumber: (@Sendable (_ sequence: Int64, _ size: Int) -> Int64)?

    /// What the records of a partition have in common.
    public init(
        source: URIReference? = nil,
        type: String? = nil,
        contentType: String? = nil,
        schema: URI? = nil,
        subject: (@Sendable (_ offset: RecordOffset?, _ data: RecordData) -> String?)? = nil
    ) {
        self.source = source
        self.type = type
        self.contentType = contentType
        self.schema = schema
        self.subject = subject
    }

    /// Makes the subject a number that is computed from a record's sequence number and the size of its data.
    package mutating func setSubject(_ number: @escaping @Sendable (_ sequence: Int64, _ size: Int) -> Int64) {
        subject = { offset, data in offset?.sequence.map { String(number($0, data.count)) } }
        subjectNumber = number
    }
}

/// What an event made from a record says where neither the record nor its partition says anything.
public struct EventDefaults: Sendable, Hashable {
    /// The event source.
    public var source: URIReference
    /// The event type.
    public var type: String

    /// Defaults for all records of a pipeline.
    public init(source: URIReference, type: String) {
        self.source = source
        self.type = type
    }

    /// The defaults of a runner: the source `urn:openconnect:<pipeline>` and the type
    /// `org.openconnect.<connector type>.record`.
    public init(pipeline: String, connectorType: String) {
        source = .percentEncoding("urn:openconnect:", pipeline)
        type = "org.openconnect.\(connectorType.lowercased()).record"
    }
}

extension URIReference {
    /// A reference of a fixed beginning and a name in which everything but unreserved characters is percent-encoded.
    fileprivate static func percentEncoding(_ prefix: StaticString, _ name: String) -> URIReference {
        let digits = Array("0123456789ABCDEF".utf8)
        var text = Array("\(prefix)".utf8)
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                text.append(byte)
            default:
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        let reference = try? URIReference(String(decoding: text, as: UTF8.self))
        return reference ?? "urn:openconnect:pipeline"
    }
}
