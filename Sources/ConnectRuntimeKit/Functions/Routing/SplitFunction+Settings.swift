// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension SplitFunction: Configurable {
    private enum Others: String, CaseIterable, SettingValue { case reject, pass }

    /// `split`.
    public static let type = "split"
    /// What it is.
    public static let summary = "Makes a record of each element of an array in the data; they commit together."

    private static let field = Setting<RecordField>("at", "Where the array is.", default: "data")
    private static let others = Setting<Others>(
        "others",
        "What is done with a record that has no array there: it is rejected, or goes on unchanged.",
        default: .reject
    )

    /// The place of the array.
    public static var settings: SettingGroup { SettingGroup(field, others) }

    /// A function that splits at the configured place.
    public init(_ values: SettingValues) throws {
        do {
            try self.init(at: values[Self.field], passesOthers: values[Self.others] == .pass)
        } catch let error as ConnectorError {
            throw values.problem(Self.field, error.message)
        }
    }
}
