// SPDX-License-Identifier: Apache-2.0

/// Something that a configuration can make: a connector, a function, a store.
///
/// ```swift
/// extension TickSource: ConfigurableConnector {
///     static let type = "ticks"
///     static let every = Setting<Duration>("every", "Time between two ticks.", default: .seconds(1))
///     static var settings: SettingGroup { SettingGroup(every) }
///     init(_ values: SettingValues) throws { self.init(every: values[Self.every]) }
/// }
/// ```
public protocol Configurable {
    /// The name by which a configuration asks for it.
    static var type: String { get }
    /// What it is, in one line, for its documentation. Empty by default.
    static var summary: String { get }
    /// The settings it has, each declared once: parsing, checks and documentation come from that.
    static var settings: SettingGroup { get }

    /// Makes an instance from values that are complete and checked.
    ///
    /// - Throws: ``SettingProblems`` for what only all settings together can tell; `values.problem(…)` makes one that
    ///   knows its place in the configuration.
    init(_ values: SettingValues) throws
}

extension Configurable {
    /// Nothing.
    public static var summary: String { "" }

    /// Makes an instance from settings that are written down in code: `TickSource(settings: ["every": "5s"])`.
    ///
    /// - Throws: ``SettingProblems`` with everything that is wrong with them.
    public init(settings: SettingInput) throws {
        try self.init(Self.settings.values(from: settings))
    }
}

/// A connector that a configuration can make.
public protocol ConfigurableConnector: Configurable, Connector {}
