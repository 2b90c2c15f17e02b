// SPDX-License-Identifier: Apache-2.0

/// The OPC UA extension (E11): which metadata describes a data set message, and the message's status.
///
/// Events with it travel in binary mode. The metadata's version is not given where `dataschema` is.
public struct OPCUAExtension: DocumentedExtension {
    /// `OPC UA`
    public static let title = "OPC UA"
    /// `E11`
    public static let rule: String? = "E11"
    /// `opcuametadatamajorversion`, `opcuametadataminorversion` and `opcuastatus`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "opcuametadatamajorversion": .integer, "opcuametadataminorversion": .integer, "opcuastatus": .integer,
    ]

    /// The major version of the metadata: `opcuametadatamajorversion`.
    public var metadataMajorVersion: Int32?

    /// The minor version of the metadata: `opcuametadataminorversion`.
    public var metadataMinorVersion: Int32?

    /// The status of the message, good where there is none: `opcuastatus`.
    public var status: Int32?

    /// Makes a value.
    public init(metadataMajorVersion: Int32? = nil, metadataMinorVersion: Int32? = nil, status: Int32? = nil) {
        self.metadataMajorVersion = metadataMajorVersion
        self.metadataMinorVersion = metadataMinorVersion
        self.status = status
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        metadataMajorVersion = try reader.integer("opcuametadatamajorversion")
        metadataMinorVersion = try reader.integer("opcuametadataminorversion")
        status = try reader.integer("opcuastatus")
        guard reader.event.dataSchema != nil else { return }
        let name: AttributeName? =
            metadataMajorVersion != nil
            ? "opcuametadatamajorversion" : metadataMinorVersion != nil ? "opcuametadataminorversion" : nil
        if let name {
            throw reader.invalid(name, "the event has a dataschema, which tells the version; leave one of them out")
        }
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes = ExtensionAttributes()
        attributes["opcuametadatamajorversion"] = metadataMajorVersion.map { .integer($0) }
        attributes["opcuametadataminorversion"] = metadataMinorVersion.map { .integer($0) }
        attributes["opcuastatus"] = status.map { .integer($0) }
        return attributes
    }
}

extension CloudEvent {
    /// The OPC UA extension (E11); `nil` where it is not used, an error where it is used wrongly.
    public var opcUA: OPCUAExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
