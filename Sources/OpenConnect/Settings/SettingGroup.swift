// SPDX-License-Identifier: Apache-2.0

/// Settings that belong together: those of a connector, or those of an object inside.
public struct SettingGroup: Sendable {
    /// A setting without its type.
    struct Item: Sendable {
        let name: String
        let documentation: String
        let shape: SettingShape
        let isRequired: Bool
        let defaultText: StructuredValue?
        let example: StructuredValue?
        /// The value where none is given.
        let fallback: (any Sendable)?
        let read: @Sendable (SettingInput) throws -> any Sendable

        init<Value>(_ setting: Setting<Value>) {
            name = setting.name
            documentation = setting.documentation
            shape = setting.shape
            isRequired = setting.defaultValue == nil
            defaultText = setting.shape.isSecret ? nil : setting.defaultValue?.settingText
            example = setting.shape.isSecret ? nil : setting.example
            fallback = setting.defaultValue
            read = { try setting.read($0) }
        }
    }

    private(set) var items: [Item] = []
    private(set) var rules: [SettingRule] = []

    /// No settings.
    public init() {}

    /// Settings, in the order in which the documentation lists them.
    public init<each Value>(_ settings: repeat Setting<each Value>) {
        repeat items.append(Item(each settings))
    }

    /// The settings of both.
    public func adding(_ other: SettingGroup) -> SettingGroup {
        var group = self
        group.items += other.items
        group.rules += other.rules
        return group
    }

    /// The settings, with conditions on which of them may be given together.
    public func rules(_ rules: SettingRule...) -> SettingGroup {
        var group = self
        group.rules += rules
        return group
    }

    /// The names, in their order.
    public var names: [String] { items.map(\.name) }

    /// The names of those that have to be given.
    package var requiredNames: [String] { items.filter(\.isRequired).map(\.name) }

    func takesNullForNone(_ name: String) -> Bool {
        items.contains { $0.name == name && $0.shape.takesNullForNone }
    }

    // MARK: Reading

    /// Reads and checks all values.
    ///
    /// - Throws: ``SettingProblems`` with everything that is wrong: unknown and missing settings, values that are not
    ///   allowed, and settings that do not go together.
    public func values(from input: SettingInput) throws(SettingProblems) -> SettingValues {
        try values(from: input, besides: [])
    }

    /// The same, of an object that has members beside the settings, such as the `type` of a connector.
    package func values(from input: SettingInput, besides others: [String]) throws(SettingProblems) -> SettingValues {
        var problems: [SettingProblem] = []
        guard let members = problems.collect({ try input.namedMembers() }) else { throw SettingProblems(problems) }
        var given: [String: SettingInput] = [:]
        for member in members where !others.contains(member.name) {
            if names.contains(member.name) {
                given[member.name] = member.value
            } else {
                problems.append(unknown(member, others))
            }
        }
        var values: [String: any Sendable] = [:]
        for item in items {
            if let input = given[item.name] {
                values[item.name] = problems.collect { try item.read(input) }
            } else if let fallback = item.fallback {
                values[item.name] = fallback
            } else {
                problems.append(input.problem("\(Self.quoted(item.name)) is missing: \(item.documentation)"))
            }
        }
        let all = SettingValues(group: self, values: values, given: given, input: input)
        problems += rules.compactMap { $0.defect(in: all) }
        guard problems.isEmpty else { throw SettingProblems(problems) }
        return all
    }

    private func unknown(_ member: SettingInput.Member, _ others: [String]) -> SettingProblem {
        let known = others + names
        let advice = NearestName.advice(for: member.name, among: known)
        let list = known.isEmpty ? ": there are none" : "; there are \(known.joined(separator: ", "))"
        return SettingProblem(
            "is no setting\(advice.isEmpty ? list : advice)",
            at: member.value.keyPath,
            place: member.place
        )
    }

    static func quoted(_ name: String) -> String { "\"\(name)\"" }
}
