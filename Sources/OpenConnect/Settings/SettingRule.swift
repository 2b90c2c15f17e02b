// SPDX-License-Identifier: Apache-2.0

/// A condition on which settings of a group may be given together. A setting that may be left out is not given by null,
/// unless it is a ``StructuredValue``.
public struct SettingRule: Sendable {
    enum Kind: Sendable {
        case requires(String, String)
        case exclusive([String])
        case oneOf([String])
        case when(Condition, requires: String)
    }

    /// That a setting has a value, in whatever form it was written, or by default.
    struct Condition: Sendable {
        let name: String
        let value: StructuredValue
        let isDefault: Bool
        let holds: @Sendable (SettingValues) -> Bool

        init<Value>(_ setting: Setting<Value>, is value: Value) {
            let text = value.settingText ?? .null
            name = setting.name
            self.value = text
            isDefault = setting.defaultValue?.settingText == text
            holds = { $0.read(setting)?.settingText == text }
        }
    }

    let kind: Kind

    /// Where the first is given, the second has to be given as well.
    public static func requires<First, Second>(_ first: Setting<First>, _ second: Setting<Second>) -> SettingRule {
        SettingRule(kind: .requires(first.name, second.name))
    }

    /// At most one of them is given.
    public static func exclusive<each Value>(_ settings: repeat Setting<each Value>) -> SettingRule {
        var names: [String] = []
        repeat names.append((each settings).name)
        return SettingRule(kind: .exclusive(names))
    }

    /// Exactly one of them is given.
    public static func exactlyOne<each Value>(_ settings: repeat Setting<each Value>) -> SettingRule {
        var names: [String] = []
        repeat names.append((each settings).name)
        return SettingRule(kind: .oneOf(names))
    }

    /// Where the first has this value, be it by default, the second has to be given.
    public static func when<First, Second>(
        _ first: Setting<First>,
        is value: First,
        requires second: Setting<Second>
    ) -> SettingRule {
        SettingRule(kind: .when(Condition(first, is: value), requires: second.name))
    }

    /// What is wrong with values, of which those are missing that could not be read.
    func defect(in values: SettingValues) -> SettingProblem? {
        switch kind {
        case .requires(let first, let second):
            guard values.isGiven(first), !values.isGiven(second) else { return nil }
            return values.problem(at: first, "needs \(SettingGroup.quoted(second)) as well")
        case .exclusive(let names):
            return excess(names, values)
        case .oneOf(let names):
            guard !names.contains(where: values.isGiven) else { return excess(names, values) }
            return values.problem("one of \(Self.list(names)) is missing")
        case .when(let condition, let second):
            guard !values.isGiven(second), condition.holds(values) else { return nil }
            let value = "'\(condition.value.plainText)'" + (values.isGiven(condition.name) ? "" : ", its default")
            return values.problem(
                at: condition.name,
                "with \(value), \(SettingGroup.quoted(second)) has to be given as well"
            )
        }
    }

    private func excess(_ names: [String], _ values: SettingValues) -> SettingProblem? {
        let present = names.filter(values.isGiven)
        guard present.count > 1 else { return nil }
        return values.problem(at: present[1], "cannot be given together with \(SettingGroup.quoted(present[0]))")
    }

    /// The condition in words, for the documentation.
    var words: String {
        switch kind {
        case .requires(let first, let second): "`\(first)` needs `\(second)`."
        case .exclusive(let names): "At most one of \(Self.list(names)) is given."
        case .oneOf(let names): "Exactly one of \(Self.list(names)) is given."
        case .when(let condition, let second):
            "`\(condition.name)` = `\(condition.value.plainText)` needs `\(second)`."
        }
    }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
