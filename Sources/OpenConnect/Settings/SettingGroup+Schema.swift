// SPDX-License-Identifier: Apache-2.0

extension SettingShape {
    /// The schema, which also takes a text with a reference where the value is no text itself.
    var schemaWithReferences: StructuredObject {
        if isOptional {
            var inner = self
            inner.isOptional = false
            let null: StructuredObject = ["type": .string("null")]
            return ["anyOf": .array([.object(inner.schemaWithReferences), .object(null)])]
        }
        if schema.members.isEmpty || isStructured { return schema }
        if schema["type"] == .string("string"), schema["pattern"] == nil { return schema }
        return ["anyOf": .array([.object(schema), .object(Self.reference)])]
    }

    private static let reference: StructuredObject = [
        "type": .string("string"), "pattern": .string("\\$\\{(env|file):[^}]+\\}"),
    ]
}

extension SettingGroup {
    /// The JSON Schema (draft 2020-12) of an object with these settings.
    public var schema: StructuredObject { schema(besides: [:]) }

    /// The same, for an object that has members beside the settings.
    package func schema(besides others: StructuredObject, required: [String] = []) -> StructuredObject {
        var properties = others
        for item in items { properties[item.name] = .object(item.schema) }
        var schema: StructuredObject = ["type": .string("object"), "properties": .object(properties)]
        let required = required + items.filter(\.isRequired).map(\.name)
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        schema["additionalProperties"] = .boolean(false)
        let conditions = rules.flatMap(\.schemas)
        if !conditions.isEmpty { schema["allOf"] = .array(conditions.map { .object($0) }) }
        return schema
    }
}

extension SettingGroup.Item {
    fileprivate var schema: StructuredObject {
        var schema: StructuredObject = ["description": .string(documentation)]
        for member in shape.schemaWithReferences.members { schema[member.name] = member.value }
        if let defaultText { schema["default"] = defaultText }
        if let example { schema["examples"] = .array([example]) }
        return schema
    }
}

extension SettingRule {
    fileprivate var schemas: [StructuredObject] {
        switch kind {
        case .requires(let first, let second):
            return [["dependentRequired": .object([first: .array([.string(second)])])]]
        case .exclusive(let names):
            return Self.pairs(names)
        case .oneOf(let names):
            return [["oneOf": .array(names.map { .object(["required": .array([.string($0)])]) })]]
        case .when(let condition, let second):
            var premise: StructuredObject = [
                "properties": .object([condition.name: .object(["const": condition.value])])
            ]
            if !condition.isDefault { premise["required"] = .array([.string(condition.name)]) }
            return [["if": .object(premise), "then": .object(["required": .array([.string(second)])])]]
        }
    }

    private static func pairs(_ names: [String]) -> [StructuredObject] {
        names.indices.flatMap { index in
            names[(index + 1)...].map { other in
                ["not": .object(["required": .array([.string(names[index]), .string(other)])])]
            }
        }
    }
}
