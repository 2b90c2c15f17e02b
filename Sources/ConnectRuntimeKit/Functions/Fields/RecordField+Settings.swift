// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RecordField: SettingValue {
    /// The text of a field.
    public static var settingShape: SettingShape {
        SettingShape("field such as `data.order.id`, `type`, `headers.region`")
    }

    /// Reads the text of a field.
    public init(setting input: SettingInput) throws {
        do {
            self = try RecordField(input.text())
        } catch let error as ConnectorError {
            throw input.problem(error.message)
        }
    }

    /// The text.
    public var settingText: StructuredValue? { .string(description) }
}

extension FieldType: SettingValue {
    /// The name of a type.
    public static var settingShape: SettingShape { .names(all.map(\.description)) }
    /// The type with that name.
    public init(setting input: SettingInput) throws { self = try input.choice(Self.all, \.description) }
    /// The name.
    public var settingText: StructuredValue? { .string(description) }
}

extension MissingFieldPolicy: SettingValue {
    /// The name of a policy.
    public static var settingShape: SettingShape { .names(all.map(\.description)) }
    /// The policy with that name.
    public init(setting input: SettingInput) throws { self = try input.choice(Self.all, \.description) }
    /// The name.
    public var settingText: StructuredValue? { .string(description) }
}

extension TimeFormat: SettingValue {
    private static let named: [TimeFormat] = [
        .unixSeconds, .unixMilliseconds, .unixMicroseconds, .unixNanoseconds, .rfc3339,
    ]

    /// The name of a format, or a pattern.
    public static var settingShape: SettingShape {
        SettingShape(named.map { "`\($0)`" }.joined(separator: ", ") + " or a pattern such as `yyyy-MM-dd HH:mm:ss`")
    }

    /// The format with that name, or of that pattern.
    public init(setting input: SettingInput) throws {
        let text = try input.text()
        if let format = Self.named.first(where: { $0.description == text }) {
            self = format
            return
        }
        do {
            self = try .pattern(text)
        } catch let error as ConnectorError {
            throw input.problem(
                "is none of \(Self.named.map(\.description).joined(separator: ", ")), and \(error.message)"
            )
        }
    }

    /// The name, or the pattern.
    public var settingText: StructuredValue? { .string(description) }
}

extension SettingShape {
    /// A shape whose values are texts, and no others than these.
    static func names(_ names: [String]) -> SettingShape {
        SettingShape(
            names.map { "`\($0)`" }.joined(separator: ", "),
            schema: ["enum": .array(names.map { .string($0) })]
        )
    }
}

extension SettingInput {
    /// The value with the name that is given.
    func choice<Value>(_ values: [Value], _ name: (Value) -> String) throws -> Value {
        let text = try text()
        guard let value = values.first(where: { name($0) == text }) else {
            throw mismatch("one of " + values.map(name).joined(separator: ", "))
        }
        return value
    }
}
