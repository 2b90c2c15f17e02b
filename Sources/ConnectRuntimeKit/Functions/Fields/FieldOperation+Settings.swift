// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// An operation is an object whose operation is the name of one of its members: `{"move": "data.kind", "to": "type"}`.
extension FieldOperation: SettingValue {
    /// The kinds of operations, each with the settings of its object.
    private struct Verb: Sendable {
        let name: String
        let settings: SettingGroup
        let make: @Sendable (SettingValues) throws -> FieldOperation

        init(
            _ name: String,
            _ settings: SettingGroup,
            _ make: @escaping @Sendable (SettingValues) throws -> FieldOperation
        ) {
            self.name = name
            self.settings = settings
            self.make = make
        }
    }

    private static func field(_ name: String, _ documentation: String) -> Setting<RecordField> {
        Setting(name, documentation)
    }

    private static let target = field("to", "Where the value goes.")
    private static let value = Setting<StructuredValue?>("to", "The value.")
    private static let template = Setting<String?>("from", "A template of a text, such as `${data.a}-${data.b}`.")

    private static let verbs: [Verb] = [
        setting, fallback, copying, moving, removing, keeping, hoisting, extracting, flattening, casting, masking,
        converting, changing, renaming,
    ]

    /// One of the operations.
    public static var settingShape: SettingShape {
        var shape = SettingShape("one of " + verbs.map { "`\($0.name)`" }.joined(separator: ", "))
        shape.schema = ["anyOf": .array(verbs.map { .object($0.settings.schema) })]
        shape.isStructured = true
        return shape
    }

    /// Reads an operation, and finds out what no record could satisfy.
    public init(setting input: SettingInput) throws {
        let names = try input.members().map(\.name)
        guard let verb = Self.verbs.first(where: { names.contains($0.name) }) else {
            throw input.problem(
                "says nothing to do; there are \(Self.verbs.map(\.name).joined(separator: ", "))"
                    + (names.first.map { NearestName.advice(for: $0, among: Self.verbs.map(\.name)) } ?? "")
            )
        }
        do {
            self = try verb.make(try verb.settings.values(from: input))
            try check()
        } catch let error as ConnectorError {
            throw input.problem(error.message)
        }
    }
}

// MARK: Values and places

extension FieldOperation {
    private static var setting: Verb {
        let field = field("set", "The field that gets a value.")
        return Verb("set", SettingGroup(field, value, template).rules(.exactlyOne(value, template))) { values in
            guard let text = values[template] else { return .set(values[field], to: plain(values[value])) }
            do {
                return .set(values[field], from: try RecordTemplate(text: text))
            } catch let error as ConnectorError {
                throw values.problem(template, error.message)
            }
        }
    }

    private static var fallback: Verb {
        let field = field("setIfMissing", "The field that gets a value where it is not there, or null.")
        let value = Setting<StructuredValue>("to", "The value.")
        return Verb("setIfMissing", SettingGroup(field, value)) { .setIfMissing($0[field], to: plain($0[value])) }
    }

    private static var copying: Verb {
        let field = field("copy", "The field whose value another field gets.")
        return Verb("copy", SettingGroup(field, target)) { .copy($0[field], to: $0[target]) }
    }

    private static var moving: Verb {
        let field = field("move", "The field whose value gets another place or name.")
        return Verb("move", SettingGroup(field, target)) { .move($0[field], to: $0[target]) }
    }

    private static var removing: Verb {
        let fields = Setting<OneOrMore<RecordField>>("remove", "The field to remove, or a list of them.")
        return Verb("remove", SettingGroup(fields)) { .remove($0[fields].elements) }
    }

    private static var keeping: Verb {
        let names = Setting<[String]>("keep", "The names of the members that stay.")
        let object = Setting<RecordField>("in", "The object whose members they are.", default: "data")
        return Verb("keep", SettingGroup(names, object)) { .keep($0[names], in: $0[object]) }
    }

    private static var hoisting: Verb {
        let field = field("hoist", "What becomes a member of an object: the data, the key, or something in them.")
        let name = Setting<String>("as", "The name of the member.")
        return Verb("hoist", SettingGroup(field, name)) { .hoist($0[field], as: $0[name]) }
    }

    private static var extracting: Verb {
        let field = field("extract", "The field of data or key that is all that stays of it.")
        return Verb("extract", SettingGroup(field)) { .extract($0[field]) }
    }

    private static var flattening: Verb {
        let object = field("flatten", "The object that is to have one level.")
        let separator = Setting<String>("separator", "What stands between the names of the levels.", default: ".")
        return Verb("flatten", SettingGroup(object, separator)) { .flatten($0[object], separator: $0[separator]) }
    }

    private static var casting: Verb {
        let field = field("cast", "The field that gets another type.")
        let type = Setting<FieldType>("as", "The type.")
        return Verb("cast", SettingGroup(field, type)) { .cast($0[field], to: $0[type]) }
    }

    private static var masking: Verb {
        let field = field("mask", "The field whose value is hidden.")
        let replacement = Setting<StructuredValue?>(
            "with",
            "What is seen instead; an empty value of the same type without it."
        )
        return Verb("mask", SettingGroup(field, replacement)) {
            .mask($0[field], with: $0.isGiven(replacement) ? plain($0[replacement]) : nil)
        }
    }

    private static var converting: Verb {
        let field = field("convertTime", "The field whose time is written in another format.")
        let source = Setting<TimeFormat?>("from", "How it is written now; not needed for times and RFC 3339.")
        let target = Setting<TimeFormat>("to", "How to write it.")
        return Verb("convertTime", SettingGroup(field, source, target)) {
            .convertTime($0[field], from: $0[source], to: $0[target])
        }
    }

    /// Numbers in the form in which JSON data has them, so that they are equal where they are written alike.
    static func plain(_ value: StructuredValue?) -> StructuredValue {
        guard let value, value != .null else { return .null }
        return (try? StructuredValue(json: value.json)) ?? value
    }
}

// MARK: Texts

extension FieldOperation {
    private static var changing: Verb {
        let field = field("change", "The field whose text is changed.")
        return Verb("change", SettingGroup(field).adding(TextChange.settings)) { values in
            .change(values[field], try TextChange(values))
        }
    }

    private static var renaming: Verb {
        let object = field("rename", "The object whose members get other names.")
        return Verb("rename", SettingGroup(object).adding(TextChange.settings)) { values in
            .rename(in: values[object], try TextChange(values))
        }
    }
}

extension TextChange {
    private enum Letters: String, CaseIterable, SettingValue { case lower, upper }

    private static let addPrefix = Setting<String?>("addPrefix", "Is put in front.")
    private static let addSuffix = Setting<String?>("addSuffix", "Is put behind.")
    private static let dropPrefix = Setting<String?>("dropPrefix", "Is taken away in front.")
    private static let dropSuffix = Setting<String?>("dropSuffix", "Is taken away behind.")
    private static let replace = Setting<String?>("replace", "Is replaced wherever it is there.")
    private static let with = Setting<String?>("with", "What is put in the place of `replace`.")
    private static let letters = Setting<Letters?>("letters", "Makes all letters small or large.")

    static var settings: SettingGroup {
        SettingGroup(addPrefix, addSuffix, dropPrefix, dropSuffix, replace, with, letters).rules(
            .exactlyOne(addPrefix, addSuffix, dropPrefix, dropSuffix, replace, letters),
            .requires(replace, with),
            .requires(with, replace)
        )
    }

    init(_ values: SettingValues) throws {
        if let prefix = values[Self.addPrefix] {
            self = .addingPrefix(prefix)
        } else if let suffix = values[Self.addSuffix] {
            self = .addingSuffix(suffix)
        } else if let prefix = values[Self.dropPrefix] {
            self = .droppingPrefix(prefix)
        } else if let suffix = values[Self.dropSuffix] {
            self = .droppingSuffix(suffix)
        } else if let old = values[Self.replace], let new = values[Self.with] {
            self = .replacing(old, with: new)
        } else if let letters = values[Self.letters] {
            self = letters == .lower ? .lowercased : .uppercased
        } else {
            throw values.problem("says no change")
        }
    }
}

/// A list, or the one element of one.
struct OneOrMore<Element: SettingValue>: SettingValue {
    let elements: [Element]

    static var settingShape: SettingShape {
        var shape = SettingShape("\(Element.settingShape.words), or a list")
        shape.schema = [
            "anyOf": .array([.object(Element.settingShape.schema), .object([Element].settingShape.schema)])
        ]
        shape.isStructured = true
        return shape
    }

    init(setting input: SettingInput) throws {
        elements = if input.isList { try [Element](setting: input) } else { [try Element(setting: input)] }
    }
}

extension SettingInput {
    fileprivate var isList: Bool { if case .list = content { true } else { false } }
}
