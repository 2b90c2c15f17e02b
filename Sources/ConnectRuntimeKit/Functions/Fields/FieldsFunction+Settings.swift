// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension FieldsFunction: Configurable {
    /// `fields`.
    public static let type = "fields"
    /// What it is.
    public static let summary = "Changes fields: attributes, headers, key, data, and what is in them."

    private static let operations = Setting<[FieldOperation]>(
        "operations",
        "What to do, in this order, each an object such as {\"move\": \"data.kind\", \"to\": \"type\"}."
    )
    private static let missing = Setting<MissingFieldPolicy>(
        "missing",
        "What is done about a field that is to be read and is not there.",
        default: .skip
    )

    /// The operations.
    public static var settings: SettingGroup { SettingGroup(operations, missing) }

    /// A function with the configured operations.
    public init(_ values: SettingValues) throws {
        try self.init(values[Self.operations], missing: values[Self.missing])
    }
}
