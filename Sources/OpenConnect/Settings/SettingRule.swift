// SPDX-License-Identifier: Apache-2.0

/// A condition on which settings of a group may be given together.
public struct SettingRule: Sendable {
    enum Kind: Sendable {
        case requires(String, String)
        case exclusive([String])
        case oneOf([String])
        /// What a setting is when it is read, in whatever form it was written.
        case when(String, StructuredValue, read: @Sendable (SettingInput) -> StructuredValue?, requires: String)
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

    /// Where the first has this value, the second has to be given.
    public static func when<First, Second>(
        _ first: Setting<First>,
        is value: First,
        requires second: Setting<Second>
    ) -> SettingRule {
        SettingRule(
            kind: .when(
                first.name,
                value.settingText ?? .null,
                read: { try? first.read($0).settingText },
                requires: second.name
            )
        )
    }

    func defect(_ given: [String: SettingInput], _ input: SettingInput) -> SettingProblem? {
        switch kind {
        case .requires(let first, let second):
            guard let holder = given[first], given[second] == nil else { return nil }
            return holder.problem("needs \(SettingGroup.quoted(second)) as well")
        case .exclusive(let names):
            return excess(names, given)
        case .oneOf(let names):
            guard !names.contains(where: { given[$0] != nil }) else { return excess(names, given) }
            return input.problem("one of \(Self.list(names)) is missing")
        case .when(let first, let value, let read, let second):
            guard let holder = given[first], given[second] == nil else { return nil }
            guard read(holder) == value else { return nil }
            return holder.problem("with '\(value.plainText)', \(SettingGroup.quoted(second)) has to be given as well")
        }
    }

    private func excess(_ names: [String], _ given: [String: SettingInput]) -> SettingProblem? {
        let present = names.filter { given[$0] != nil }
        guard present.count > 1, let last = given[present[1]] else { return nil }
        return last.problem("cannot be given together with \(SettingGroup.quoted(present[0]))")
    }

    /// The condition in words, for the documentation.
    var words: String {
        switch kind {
        case .requires(let first, let second): "`\(first)` needs `\(second)`."
        case .exclusive(let names): "At most one of \(Self.list(names)) is given."
        case .oneOf(let names): "Exactly one of \(Self.list(names)) is given."
        case .when(let first, let value, _, let second): "`\(first)` = `\(value.plainText)` needs `\(second)`."
        }
    }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
