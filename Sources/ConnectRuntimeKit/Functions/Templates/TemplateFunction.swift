// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

/// Replaces the data of each record by what a template makes of the record.
///
/// ```swift
/// try TemplateFunction(#"{"id": "${id}", "total": ${data.order.total:-0}}"#, contentType: "application/json")
/// ```
///
/// Attributes stay, but for the content type; so do key, headers and position.
public struct TemplateFunction: SynchronousFunction {
    private let template: RecordTemplate
    private let contentType: String
    private let missing: MissingFieldPolicy

    /// A function that puts what the template makes in the place of the data.
    ///
    /// - Parameters:
    ///   - template: makes the data.
    ///   - contentType: what the data is then; `application/json` or `text/plain` where it is `nil`.
    ///   - missing: what is done about a field without a fallback that is not there.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` where a text is to be called JSON: its
    ///   placeholders would not be safe.
    public init(
        _ template: RecordTemplate,
        contentType: String? = nil,
        missing: MissingFieldPolicy = .skip
    ) throws {
        let contentType = contentType ?? (template.isJSON ? "application/json" : "text/plain")
        guard template.isJSON || !MediaType.isJSON(contentType) else {
            throw ConnectorError(
                .invalidConfiguration,
                "the template is a text, and \(contentType) is JSON; make it a template of JSON"
            )
        }
        self.template = template
        self.contentType = contentType
        self.missing = missing
    }

    /// A function with a template of the kind that the content type says: JSON or text.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with the
    ///   template.
    public init(
        _ template: String,
        contentType: String = "text/plain",
        variables: [String: String] = [:],
        missing: MissingFieldPolicy = .skip
    ) throws {
        let isJSON = MediaType.isJSON(contentType)
        try self.init(
            isJSON
                ? RecordTemplate(json: template, variables: variables)
                : RecordTemplate(text: template, variables: variables),
            contentType: contentType,
            missing: missing
        )
    }

    /// The record with other data.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidRecord` where the template asks for fields of data
    ///   that is no JSON.
    public func apply(_ record: ConnectorRecord) throws -> FunctionResult {
        var edit = RecordEdit(record)
        do {
            var made = record
            made.data = try template.data(for: &edit, missing: missing)
            made.contentType = contentType
            return .record(made)
        } catch let error as ConnectorError {
            throw ConnectorError(error.code, error.message, position: record.position)
        }
    }
}
