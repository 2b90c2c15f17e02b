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
        let conditions = rules.flatMap(schemas)
        if !conditions.isEmpty { schema["allOf"] = .array(conditions.map { .object($0) }) }
        return schema
    }

    private func schemas(_ rule: SettingRule) -> [StructuredObject] {
        switch rule.kind {
        case .requires(let first, let second):
            return [["if": giving(first), "then": giving(second)]]
        case .exclusive(let names):
            return pairs(names)
        case .oneOf(let names):
            return [["oneOf": .array(names.map { giving($0) })]]
        case .when(let condition, let second):
            var premise: StructuredObject = [
                "properties": .object([condition.name: .object(["const": condition.value])])
            ]
            if !condition.isDefault { premise["required"] = .array([.string(condition.name)]) }
            return [["if": .object(premise), "then": giving(second)]]
        }
    }

    private func pairs(_ names: [String]) -> [StructuredObject] {
        names.indices.flatMap { index in
            names[(index + 1)...].map { other in ["not": giving(names[index], other)] }
        }
    }

    /// The schema of an object that gives all of these settings.
    private func giving(_ names: String...) -> StructuredValue {
        var schema: StructuredObject = ["required": .array(names.map { .string($0) })]
        let notNull = StructuredValue.object(["not": .object(["type": .string("null")])])
        let properties = names.filter(takesNullForNone).map { ($0, notNull) }
        if !properties.isEmpty { schema["properties"] = .object(StructuredObject(properties)) }
        return .object(schema)
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
