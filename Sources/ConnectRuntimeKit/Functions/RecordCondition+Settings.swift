// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension SQLCondition: SettingValue {
    /// The text of an expression.
    public static var settingShape: SettingShape {
        SettingShape("expression of CloudEvents SQL such as `type = 'com.example.order'`")
    }

    /// Reads an expression.
    public init(setting input: SettingInput) throws {
        do {
            self = try .sql(input.text(), defaults: input.eventDefaults)
        } catch let error as ConnectorError {
            throw input.problem(error.message)
        }
    }

    /// The text of the expression.
    public var settingText: StructuredValue? { .string(expression.text) }
}

extension RecordPattern: SettingValue {
    /// An object.
    public static var settingShape: SettingShape {
        var shape = SettingShape(
            "pattern such as `{\"data\": {\"status\": [\"paid\"]}}`",
            schema: ["type": .string("object")]
        )
        shape.isStructured = true
        return shape
    }

    /// Reads a pattern.
    public init(setting input: SettingInput) throws {
        do {
            self = try RecordPattern(value: StructuredValue(setting: input), defaults: input.eventDefaults)
        } catch let refusal as MemberRefusal {
            throw input.problem(refusal)
        }
    }
}

extension SubscriptionFilter: SettingValue {
    /// An object, or a list of objects.
    public static var settingShape: SettingShape {
        var shape = SettingShape(
            "filter such as `{\"prefix\": {\"type\": \"com.example.\"}}`, or a list of filters",
            schema: ["type": .array([.string("object"), .string("array")])]
        )
        shape.isStructured = true
        return shape
    }

    /// Reads a filter.
    public init(setting input: SettingInput) throws {
        do {
            let filters = try SubscriptionParser().filters(StructuredValue(setting: input))
            self.init(filters, defaults: input.eventDefaults)
        } catch let refusal as MemberRefusal {
            throw input.problem(refusal)
        }
    }
}
