// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

extension TemplateFunction: Configurable {
    /// `template`.
    public static let type = "template"
    /// What it is.
    public static let summary = "Replaces the data by what a template makes of the record."

    private static let template = Setting<StructuredValue>(
        "template",
        "A text with placeholders such as ${data.order.id:-none}, or JSON: as a text with a content type of JSON, or as a "
            + "value in which a string of just one placeholder becomes the value itself."
    )
    private static let contentType = Setting<String?>(
        "contentType",
        "What the data is then; text/plain for a text and application/json for a value without it."
    )
    private static let variables = Setting<[String: String]>(
        "variables",
        "Further names for placeholders: fields as $.data.name, anything else as a constant.",
        default: [:]
    )
    private static let missing = Setting<MissingFieldPolicy>(
        "missing",
        "What is done about a field without a fallback that is not there.",
        default: .skip
    )

    /// Template, content type and variables.
    public static var settings: SettingGroup { SettingGroup(template, contentType, variables, missing) }

    /// A function with the configured template.
    public init(_ values: SettingValues) throws {
        let (contentType, variables) = (values[Self.contentType], values[Self.variables])
        do {
            let template: RecordTemplate
            if case .string(let text) = values[Self.template] {
                template =
                    contentType.map { MediaType.isJSON($0) } ?? false
                    ? try RecordTemplate(json: text, variables: variables)
                    : try RecordTemplate(text: text, variables: variables)
            } else {
                template = try RecordTemplate(json: values[Self.template], variables: variables)
            }
            try self.init(template, contentType: contentType, missing: values[Self.missing])
        } catch let error as ConnectorError {
            throw values.problem(Self.template, error.message)
        }
    }
}
