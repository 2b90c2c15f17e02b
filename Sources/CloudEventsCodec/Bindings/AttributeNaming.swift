// SPDX-License-Identifier: Apache-2.0

/// How a binding calls what carries an attribute, for its error messages.
struct AttributeNaming: Sendable {
    /// What it is: a header, a user property.
    let noun: String
    /// What stands before the attribute's name.
    let prefix: String
    /// What carries `datacontenttype`.
    let contentType: String

    static let http = AttributeNaming(noun: "header", prefix: "ce-", contentType: "header content-type")
    static let kafka = AttributeNaming(noun: "header", prefix: "ce_", contentType: "header content-type")
    static let mqtt = AttributeNaming(noun: "user property", prefix: "", contentType: "property Content Type")
    static let nats = AttributeNaming(noun: "header", prefix: "ce-", contentType: "header ce-datacontenttype")

    static func amqp(_ prefix: AMQPAttributePrefix) -> AttributeNaming {
        AttributeNaming(noun: "application property", prefix: prefix.string, contentType: "property content-type")
    }

    /// What carries an attribute.
    func place(of attribute: String) -> String {
        attribute == AttributeName.dataContentType.string ? contentType : noun + " " + prefix + attribute
    }

    /// The same error, with the place of the attribute it names.
    func placing(_ error: CloudEventError) -> CloudEventError {
        guard let attribute = error.attribute else { return error }
        var copy = error
        copy.message += " (\(place(of: attribute)))"
        return copy
    }

    /// Refuses a name that follows the prefix but cannot be an attribute's.
    func name(_ text: String) throws(CloudEventError) -> AttributeName {
        do throws(CloudEventError) { return try AttributeName(text) } catch { throw placing(error) }
    }
}
