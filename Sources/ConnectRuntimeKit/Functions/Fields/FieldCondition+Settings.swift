// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension FieldCondition {
    private static let field = Setting<RecordField>("field", "The field that is asked for.")
    private static let exists = Setting<Bool?>(
        "exists",
        "Whether it has to be there; true, where nothing else is said."
    )
    private static let equals = Setting<StructuredValue?>("equals", "The value it has to have.")

    static var settings: SettingGroup { SettingGroup(field, exists, equals).rules(.exclusive(exists, equals)) }

    /// Whether an object is such a condition and no pattern, in which the value of every member is an array or an object.
    static func isMeant(by input: SettingInput) throws -> Bool {
        if case .text? = try input.member("field")?.content { true } else { false }
    }

    /// Reads `{"field": "headers.trace"}`, `{"field": "data", "exists": false}` or `{"field": "type", "equals": "x"}`.
    init(setting input: SettingInput) throws {
        let values = try Self.settings.values(from: input)
        if values.isGiven(Self.equals) {
            self = .equals(values[Self.field], FieldOperation.plain(values[Self.equals]))
        } else {
            let exists = FieldCondition(exists: values[Self.field])
            self = values[Self.exists] == false ? exists.negated : exists
        }
    }
}
