// SPDX-License-Identifier: Apache-2.0

/// A group of extension attributes that belong together, as a type: how they are named, typed and checked.
///
/// The extensions that the CloudEvents project documents are in this library, such as ``DistributedTracingExtension``;
/// your own are types that conform:
///
/// ```swift
/// struct TenantExtension: DocumentedExtension {
///     static let title = "tenant"
///     static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = ["tenantid": .string]
///     var identifier: String
///
///     var attributes: ExtensionAttributes { ["tenantid": .string(identifier)] }
///
///     init(_ reader: ExtensionReader) throws(CloudEventError) {
///         identifier = try reader.required("tenantid", reader.nonEmptyString("tenantid"))
///     }
/// }
/// ```
///
/// A value may hold what the extension does not allow; ``CloudEvent/setExtension(_:)`` refuses it.
public protocol DocumentedExtension: Sendable, Hashable {
    /// The extension's name for people, such as `distributed tracing`.
    static var title: String { get }

    /// The short name of the rule that the extension's errors name, such as `E1`; none by default.
    static var rule: String? { get }

    /// All attributes of the extension with their types. The extension is used where one of them is set.
    static var attributeTypes: KeyValuePairs<AttributeName, AttributeType> { get }

    /// Reads the extension from an event that has at least one of its attributes.
    ///
    /// - Throws: ``CloudEventError`` that names the attribute that is missing or not allowed.
    init(_ reader: ExtensionReader) throws(CloudEventError)

    /// The attributes that are to be set, in the types of ``attributeTypes``.
    var attributes: ExtensionAttributes { get }
}

extension DocumentedExtension {
    /// No rule.
    public static var rule: String? { nil }
}
