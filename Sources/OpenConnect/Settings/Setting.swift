// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A setting of a connector: its name, its type, what it is for, and what is allowed.
///
/// ```swift
/// static let every = Setting<Duration>("every", "Time between two ticks.", default: .seconds(1))
/// static let port = Setting<Int>("port", "The port to listen on.", default: 8080).range(1...65535)
/// static let token = Setting<Secret?>("token", "What callers have to present.")
/// ```
public struct Setting<Value: SettingValue>: Sendable {
    /// A condition, and how a message speaks of it.
    struct Check: Sendable {
        let words: String
        let holds: @Sendable (Value) -> Bool
    }

    /// The name in the configuration.
    public let name: String
    /// What it is for, in a sentence.
    public let documentation: String
    /// The value where none is given; `nil` where one has to be.
    public let defaultValue: Value?
    var shape = Value.settingShape
    var checks: [Check] = []
    var example: StructuredValue?

    private init(name: String, documentation: String, defaultValue: Value?) {
        self.name = name
        self.documentation = documentation
        self.defaultValue = defaultValue
    }

    /// A setting that has to be given, unless its values are optional.
    public init(_ name: String, _ documentation: String) {
        self.init(name: name, documentation: documentation, defaultValue: Value.valueIfAbsent)
    }

    /// A setting that has a value where none is given.
    public init(_ name: String, _ documentation: String, default value: Value) {
        self.init(name: name, documentation: documentation, defaultValue: value)
    }

    /// The setting with a condition, such as `.checked("a name without spaces") { !$0.contains(" ") }`.
    ///
    /// - Parameters:
    ///   - words: what a value has to be.
    ///   - condition: whether a value is.
    public func checked(_ words: String, _ condition: @escaping @Sendable (Value) -> Bool) -> Setting {
        var setting = self
        setting.checks.append(Check(words: words, holds: condition))
        return setting
    }

    /// The setting with an example of a value, for its documentation.
    public func example(_ value: Value) -> Setting {
        var setting = self
        setting.example = value.settingText
        return setting
    }

    /// The setting with no other values than these.
    public func allowed(_ values: [Value]) -> Setting where Value: Equatable {
        let texts = values.compactMap(\.settingText)
        var setting = checked("one of " + texts.map(\.plainText).joined(separator: ", ")) { values.contains($0) }
        setting.shape.words = texts.map { "`\($0.plainText)`" }.joined(separator: ", ")
        setting.shape.schema = ["enum": .array(texts)]
        return setting
    }

    /// The setting with values in a range.
    public func range(_ range: ClosedRange<Value>) -> Setting where Value: Comparable {
        limited(range.lowerBound.settingText, range.upperBound.settingText) { range.contains($0) }
    }

    /// The setting with values from a least one on.
    public func range(_ range: PartialRangeFrom<Value>) -> Setting where Value: Comparable {
        limited(range.lowerBound.settingText, nil) { range.contains($0) }
    }

    /// The setting with values in a range, where there is one.
    public func range<Wrapped: Comparable & SettingValue>(_ range: ClosedRange<Wrapped>) -> Setting
    where Value == Wrapped? {
        limited(range.lowerBound.settingText, range.upperBound.settingText) { $0.map(range.contains) ?? true }
    }

    /// The setting with values from a least one on, where there is one.
    public func range<Wrapped: Comparable & SettingValue>(_ range: PartialRangeFrom<Wrapped>) -> Setting
    where Value == Wrapped? {
        limited(range.lowerBound.settingText, nil) { $0.map(range.contains) ?? true }
    }

    private func limited(
        _ least: StructuredValue?,
        _ most: StructuredValue?,
        _ holds: @escaping @Sendable (Value) -> Bool
    ) -> Setting {
        var words = "at least \(least?.plainText ?? "")"
        if let most { words = "from \(least?.plainText ?? "") to \(most.plainText)" }
        var setting = checked(words, holds)
        setting.shape.words += ", \(words)"
        if least?.isNumber == true { setting.shape.schema["minimum"] = least }
        if most?.isNumber == true { setting.shape.schema["maximum"] = most }
        return setting
    }
}

extension Setting {
    /// Reads the value, with all that is wrong with it.
    func read(_ input: SettingInput) throws -> Value {
        let value = try Value(setting: input)
        let problems = checks.filter { !$0.holds(value) }.map { check in
            shape.isSecret ? input.problem("is \(check.words)") : input.mismatch(check.words)
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
        return value
    }
}

extension StructuredValue {
    /// The value as documentation shows it: texts without quotes, everything else as JSON.
    var plainText: String {
        if case .string(let text) = self { return text }
        return String(decoding: json.withUnsafeBytes { Array($0) }, as: UTF8.self)
    }

    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .double, .decimal: true
        default: false
        }
    }
}
