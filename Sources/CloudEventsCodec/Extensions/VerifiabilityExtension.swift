// SPDX-License-Identifier: Apache-2.0

/// The verifiability extension (E15): a signature over an event, in an envelope of the form DSSE.
///
/// This type carries the envelope and checks its outer form: that it is a JSON object of the extension's payload type
/// with a digest of 32 bytes and at least one signature. It neither signs nor verifies.
public struct VerifiabilityExtension: DocumentedExtension {
    /// `verifiability`
    public static let title = "verifiability"
    /// `E15`
    public static let rule: String? = "E15"
    /// `dssematerial` and `signedextattrs`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "dssematerial": .binary, "signedextattrs": .string,
    ]

    /// The envelope as JSON text: `dssematerial`.
    public var envelope: SharedBytes

    /// The extension attributes that are signed too, in the order they were signed: `signedextattrs`. None twice, none of
    /// the specification's own, and not the two of this extension.
    public var signedAttributes: [AttributeName]

    /// Makes a value.
    public init(envelope: SharedBytes, signedAttributes: [AttributeName] = []) {
        self.envelope = envelope
        self.signedAttributes = signedAttributes
    }

    /// Reads the attributes.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        envelope = try reader.required("dssematerial", reader.binary("dssematerial"))
        guard DSSEEnvelope.isValid(envelope) else {
            throw reader.invalid(
                "dssematerial",
                "not a DSSE envelope with the payload type of the extension, a payload of 32 bytes and a signature"
            )
        }
        signedAttributes = []
        var seen: Set<AttributeName> = ["dssematerial", "signedextattrs"]
        let list = try reader.string("signedextattrs") ?? ""
        guard !list.isEmpty else { return }
        for entry in list.split(separator: ",", omittingEmptySubsequences: false) {
            guard let name = try? AttributeName(String(entry)), !name.isCore, seen.insert(name).inserted else {
                throw reader.invalid(
                    "signedextattrs",
                    "the list has an entry that is no extension attribute's name, is there twice, or belongs to the "
                        + "signature itself"
                )
            }
            signedAttributes.append(name)
        }
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["dssematerial": .binary(envelope)]
        if !signedAttributes.isEmpty {
            attributes["signedextattrs"] = .string(signedAttributes.map(\.string).joined(separator: ","))
        }
        return attributes
    }
}

extension CloudEvent {
    /// The verifiability extension (E15); `nil` where it is not used, an error where it is used wrongly.
    public var verifiability: VerifiabilityExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
