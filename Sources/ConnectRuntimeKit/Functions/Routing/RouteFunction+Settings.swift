// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RouteFunction: Configurable {
    /// `route`.
    public static let type = "route"
    /// What it is.
    public static let summary = "Sends each record to the sinks of the first case whose condition holds."

    private static let cases = Setting<[Case]>(
        "cases",
        "Conditions and sinks; the first whose condition holds is taken."
    )
    .checked("a list of at least one case") { !$0.isEmpty }
    private static let otherwise = Setting<OneOrMore<String>>(
        "otherwise",
        "The name of the sink for records that no case takes, or a list of names; [] filters them out."
    )

    /// The cases, and where the others go.
    public static var settings: SettingGroup { SettingGroup(cases, otherwise) }

    /// A function with the configured cases.
    public init(_ values: SettingValues) throws {
        self.init(values[Self.cases], otherwise: values[Self.otherwise].elements)
    }
}

extension RouteFunction.Case: SettingStructure {
    private static let condition = Setting<ConfiguredCondition>("when", "Which records.")
    private static let sinks = Setting<OneOrMore<String>>(
        "to",
        "The name of the sink, or a list of names; [] filters the records out."
    )

    /// Condition and sinks.
    public static var settings: SettingGroup { SettingGroup(condition, sinks) }

    /// The configured case.
    public init(_ values: SettingValues) throws {
        self.init(values[Self.condition], to: values[Self.sinks].elements)
    }
}
