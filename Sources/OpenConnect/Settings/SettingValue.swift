// SPDX-License-Identifier: Apache-2.0

/// A type whose values can be written in a configuration.
///
/// An enumeration of texts needs no more than the name of the protocol:
///
/// ```swift
/// enum Mode: String, CaseIterable, SettingValue { case snapshot, stream }
/// ```
public protocol SettingValue: Sendable {
    /// What its values look like.
    static var settingShape: SettingShape { get }

    /// Reads a value.
    ///
    /// - Throws: ``SettingProblem`` or ``SettingProblems``, which `input.mismatch(…)` and `input.problem(…)` make.
    init(setting input: SettingInput) throws

    /// The value as a configuration has it, for the documentation of a default; `nil` where there is no short form.
    var settingText: StructuredValue? { get }

    /// What a setting without a default has where nothing is given; `nil` where something has to be.
    static var valueIfAbsent: Self? { get }
}

extension SettingValue {
    /// None.
    public var settingText: StructuredValue? { nil }
    /// Something has to be given.
    public static var valueIfAbsent: Self? { nil }
}

extension SettingValue where Self: RawRepresentable, RawValue == String, Self: CaseIterable {
    /// One of the raw values.
    public static var settingShape: SettingShape { .words(allCases.map(\.rawValue)) }

    /// The case with this raw value.
    public init(setting input: SettingInput) throws {
        let text = try input.text()
        guard let value = Self(rawValue: text) else { throw input.notOne(of: Self.allCases.map(\.rawValue)) }
        self = value
    }

    /// The raw value.
    public var settingText: StructuredValue? { .string(rawValue) }
}

extension SettingInput {
    /// The problem that a value is not among those that are allowed.
    func notOne(of texts: [String]) -> SettingProblem {
        var problem = mismatch("one of " + texts.joined(separator: ", "))
        if case .text(let text) = content, SettingReferences.first(in: text) == nil {
            problem = SettingProblem(
                problem.message + NearestName.advice(for: text, among: texts),
                at: keyPath,
                place: place
            )
        }
        return problem
    }
}

/// A value with settings of its own, written as an object: `"tls": { "certificate": "…", "key": "…" }`. It cannot have a
/// setting of its own type.
public protocol SettingStructure: SettingValue {
    /// The settings inside.
    static var settings: SettingGroup { get }

    /// Makes it of values that are complete and checked.
    ///
    /// - Throws: ``SettingProblem`` or ``SettingProblems`` for what only all settings together can tell.
    init(_ values: SettingValues) throws
}

extension SettingStructure {
    /// An object.
    public static var settingShape: SettingShape {
        var shape = SettingShape("object", schema: Self.settings.schema)
        shape.group = settings
        shape.isStructured = true
        return shape
    }

    /// Reads the settings inside.
    public init(setting input: SettingInput) throws {
        try self.init(Self.settings.values(from: input))
    }
}
