// SPDX-License-Identifier: Apache-2.0

/// The values of a group of settings, all of them there and checked.
public struct SettingValues: Sendable {
    private let group: SettingGroup
    private let values: [String: any Sendable]
    private let given: [String: SettingInput]
    private let input: SettingInput

    init(
        group: SettingGroup,
        values: [String: any Sendable],
        given: [String: SettingInput],
        input: SettingInput
    ) {
        self.group = group
        self.values = values
        self.given = given
        self.input = input
    }

    /// The value of a setting, which has to be one of the group.
    public subscript<Value>(_ setting: Setting<Value>) -> Value {
        if let value = values[setting.name] as? Value { return value }
        guard let value = setting.defaultValue else {
            preconditionFailure("the setting \"\(setting.name)\" is not declared in the group that was read")
        }
        return value
    }

    /// Whether a value was given, be it the default. Null is none, unless the setting is a ``StructuredValue``.
    public func isGiven<Value>(_ setting: Setting<Value>) -> Bool { isGiven(setting.name) }

    /// A problem with the value of a setting, to be thrown.
    public func problem<Value>(_ setting: Setting<Value>, _ message: String) -> SettingProblem {
        problem(at: setting.name, message)
    }

    /// A problem with the settings together, to be thrown.
    public func problem(_ message: String) -> SettingProblem { input.problem(message) }
}

extension SettingValues {
    /// The value of a setting; `nil` where the one that was given is wrong, or none was given that has to be.
    func read<Value>(_ setting: Setting<Value>) -> Value? {
        guard let value = values[setting.name] else { return nil }
        return value as? Value
    }

    func isGiven(_ name: String) -> Bool {
        guard let input = given[name] else { return false }
        return !input.isNull || !group.takesNullForNone(name)
    }

    func problem(at name: String, _ message: String) -> SettingProblem {
        if let input = given[name] { return input.problem(message) }
        return input.problem("\(SettingGroup.quoted(name)): \(message)")
    }
}

extension SettingValues: CustomStringConvertible, CustomReflectable {
    /// Names and values, in their order; secrets are not shown.
    public var description: String {
        let texts = group.items.map { item in
            "\(item.name): " + (item.shape.isSecret ? "<redacted>" : values[item.name].map { "\($0)" } ?? "none")
        }
        return "[" + texts.joined(separator: ", ") + "]"
    }

    /// Shows what the description shows: what was read still holds secrets.
    public var customMirror: Mirror { Mirror(self, children: ["values": description]) }
}
