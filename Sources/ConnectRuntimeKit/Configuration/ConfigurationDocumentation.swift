// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What a configuration can say, as text, Markdown and JSON Schema.
struct ConfigurationDocumentation {
    /// A type that a configuration can name, of whatever kind.
    struct TypeEntry {
        let kind: String
        let type: String
        let summary: String
        let settings: SettingGroup

        init<Product>(_ kind: String, _ entry: RegistryEntry<Product>) {
            self.kind = kind
            type = entry.type
            summary = entry.summary
            settings = entry.settings
        }
    }

    /// By kind, and in each by name.
    let types: [TypeEntry]

    init(_ registry: ConnectorRegistry) {
        types =
            Self.entries(registry.sources) + Self.entries(registry.functions) + Self.entries(registry.sinks)
            + Self.entries(registry.offsetStores) + Self.entries(registry.deadLetterStores)
    }

    private static func entries<Product>(_ section: RegistrySection<Product>) -> [TypeEntry] {
        section.entries.sorted { $0.type < $1.type }.map { TypeEntry(section.kind, $0) }
    }

    private static let groups: [(name: String, title: String, settings: SettingGroup)] = [
        ("delivery", "Delivery: the object \"delivery\" of a pipeline", DeliveryOptions.settings),
        ("runtime", "Runtime: the object \"runtime\" of the configuration", RuntimeOptions.settings),
    ]

    // MARK: Texts

    /// The types there are, a line for each.
    var overview: String {
        let width = types.map(\.type.count).max() ?? 0
        var text = ""
        for kind in kinds {
            text += "\(kind)s:\n"
            for entry in types where entry.kind == kind {
                let padding = String(repeating: " ", count: width - entry.type.count + 2)
                text += "  \(entry.type)\(entry.summary.isEmpty ? "" : padding + entry.summary)\n"
            }
        }
        for group in Self.groups { text += "\n\(group.title):\n\(group.settings.help)" }
        return text
    }

    private var kinds: [String] {
        types.reduce(into: []) { kinds, entry in if !kinds.contains(entry.kind) { kinds.append(entry.kind) } }
    }

    func help(of entries: [TypeEntry]) -> String {
        entries.map { entry in
            "\(entry.type) (\(entry.kind))" + (entry.summary.isEmpty ? "" : ": \(entry.summary)") + "\n"
                + entry.settings.help
        }.joined(separator: "\n")
    }

    func markdown(of entries: [TypeEntry]) -> String {
        let sections = entries.map { entry in
            "## `\(entry.type)` (\(entry.kind))\n\n" + (entry.summary.isEmpty ? "" : entry.summary + "\n\n")
                + entry.settings.markdown
        }
        guard entries.count == types.count else { return sections.joined(separator: "\n") }
        let groups = Self.groups.map { "## \($0.title)\n\n\($0.settings.markdown)" }
        return (sections + groups).joined(separator: "\n")
    }

    // MARK: JSON Schema

    /// The schema of a whole configuration (draft 2020-12).
    var schema: StructuredObject {
        var definitions = StructuredObject()
        for kind in kinds { definitions[Self.definition(kind)] = .object(choice(types.filter { $0.kind == kind })) }
        let pipeline: StructuredObject = [
            "type": .string("object"), "properties": .object(pipelineProperties),
            "required": .array([.string("source"), .string("sinks")]), "additionalProperties": .boolean(false),
        ]
        definitions["pipeline"] = .object(pipeline)
        let properties: StructuredObject = [
            "$schema": .object(["type": .string("string")]), "offsets": Self.reference("offset store"),
            "runtime": .object(RuntimeOptions.settings.schema),
            "pipelines": .object([
                "type": .string("object"), "additionalProperties": Self.reference("pipeline"),
                "minProperties": .integer(1),
            ]),
        ]
        return [
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"), "type": .string("object"),
            "properties": .object(properties), "required": .array([.string("pipelines")]),
            "additionalProperties": .boolean(false), "$defs": .object(definitions),
        ]
    }

    private var pipelineProperties: StructuredObject {
        let letters: StructuredObject = [
            "anyOf": .array([Self.reference("dead letter store"), Self.reference("sink")])
        ]
        let states = ["running", "paused", "stopped"].map { StructuredValue.string($0) }
        return [
            "source": Self.reference("source"),
            "functions": .object(["type": .string("array"), "items": Self.reference("function")]),
            "sinks": .object([
                "type": .string("array"), "items": Self.reference("sink"), "minItems": .integer(1),
            ]),
            "deadLetters": .object(letters), "delivery": .object(DeliveryOptions.settings.schema),
            "offsets": Self.reference("offset store"), "initially": .object(["enum": .array(states)]),
        ]
    }

    func schema(of entries: [TypeEntry]) -> StructuredObject {
        var schema = choice(entries)
        if entries.count == 1, let only = entries.first { schema = self.schema(of: only) }
        schema["$schema"] = .string("https://json-schema.org/draft/2020-12/schema")
        return schema
    }

    private func choice(_ entries: [TypeEntry]) -> StructuredObject {
        ["anyOf": .array(entries.map { .object(schema(of: $0)) })]
    }

    private func schema(of entry: TypeEntry) -> StructuredObject {
        var others: StructuredObject = ["type": .object(["const": .string(entry.type)])]
        if entry.kind == "sink" { others["name"] = .object(["type": .string("string")]) }
        if entry.kind == "function" {
            others["when"] = .object(ConfiguredCondition.settingShape.schema)
        }
        var schema = entry.settings.schema(besides: others, required: ["type"])
        if !entry.summary.isEmpty { schema["description"] = .string(entry.summary) }
        return schema
    }

    private static func definition(_ kind: String) -> String { kind.replacing(" ", with: "-") }

    private static func reference(_ kind: String) -> StructuredValue {
        .object(["$ref": .string("#/$defs/\(definition(kind))")])
    }
}

extension StructuredValue {
    /// JSON for people: two spaces for each level.
    var indentedJSON: String { indented(2) }

    private func indented(_ depth: Int) -> String {
        let (inner, outer) = (String(repeating: " ", count: depth), String(repeating: " ", count: depth - 2))
        switch self {
        case .object(let object) where !object.members.isEmpty:
            let lines = object.members.map {
                "\(inner)\(StructuredValue.string($0.name).plain): \($0.value.indented(depth + 2))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(outer)}"
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + $0.indented(depth + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(outer)]"
        default: return plain
        }
    }

    private var plain: String { String(decoding: json.withUnsafeBytes { Array($0) }, as: UTF8.self) }
}
