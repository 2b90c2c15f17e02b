// SPDX-License-Identifier: Apache-2.0

extension Optional: SettingValue where Wrapped: SettingValue {
    /// The shape of the value, which may be left out.
    public static var settingShape: SettingShape {
        var shape = Wrapped.settingShape
        shape.isOptional = true
        return shape
    }

    /// Reads a value; `null` is none.
    public init(setting input: SettingInput) throws {
        self = input.isNull ? nil : .some(try Wrapped(setting: input))
    }

    /// None.
    public static var valueIfAbsent: Self? { .some(nil) }
    /// The value, if there is one.
    public var settingText: StructuredValue? { self?.settingText }
}

extension Array: SettingValue where Element: SettingValue {
    /// A list.
    public static var settingShape: SettingShape {
        let element = Element.settingShape
        var shape = SettingShape("list of \(element.words)", schema: ["type": .string("array")])
        shape.schema["items"] = .object(element.schemaWithReferences)
        shape.isSecret = element.isSecret
        shape.group = element.group
        shape.isList = true
        shape.isStructured = true
        return shape
    }

    /// Reads a list, with all problems of all its elements.
    public init(setting input: SettingInput) throws {
        var problems: [SettingProblem] = []
        self = try input.elements().compactMap { element in
            problems.collect { try Element(setting: element) }
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
    }

    /// The list, if each element has a short form.
    public var settingText: StructuredValue? {
        let texts = compactMap(\.settingText)
        return texts.count == count ? .array(texts) : nil
    }
}

extension Dictionary: SettingValue where Key == String, Value: SettingValue {
    /// An object whose names are free.
    public static var settingShape: SettingShape {
        let value = Value.settingShape
        var shape = SettingShape("object of \(value.words)", schema: ["type": .string("object")])
        shape.schema["additionalProperties"] = .object(value.schemaWithReferences)
        shape.isSecret = value.isSecret
        shape.isStructured = true
        return shape
    }

    /// Reads an object, with all problems of all its values.
    public init(setting input: SettingInput) throws {
        var problems: [SettingProblem] = []
        self = [:]
        for (name, value) in try input.members() {
            self[name] = problems.collect { try Value(setting: value) }
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
    }

    /// The object, if each value has a short form.
    public var settingText: StructuredValue? {
        let texts = sorted { $0.key < $1.key }.compactMap { name, value in value.settingText.map { (name, $0) } }
        return texts.count == count ? .object(StructuredObject(texts)) : nil
    }
}

extension StructuredValue: SettingValue {
    /// Any value of JSON.
    public static var settingShape: SettingShape {
        var shape = SettingShape("any value", schema: [:])
        shape.isStructured = true
        shape.hasNull = true
        return shape
    }

    /// Reads any value; the digits of numbers are kept, and references in texts are resolved.
    public init(setting input: SettingInput) throws {
        switch input.content {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .number(let digits):
            // What an integer would write otherwise, such as -0, keeps its digits.
            self = Int64(digits).flatMap { "\($0)" == digits ? .integer($0) : nil } ?? .decimal(digits)
        case .text: self = .string(try input.text())
        case .list: self = .array(try [StructuredValue](setting: input))
        case .object:
            var problems: [SettingProblem] = []
            let members = try input.members().compactMap { name, value in
                problems.collect { (name, try StructuredValue(setting: value)) }
            }
            guard problems.isEmpty else { throw SettingProblems(problems) }
            self = .object(StructuredObject(members))
        }
    }

    /// The value.
    public var settingText: StructuredValue? { self }
}

extension [SettingProblem] {
    /// What a body gives, or nothing and its problems.
    package mutating func collect<Value>(_ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch let problem as SettingProblem {
            append(problem)
        } catch let problems as SettingProblems {
            append(contentsOf: problems.problems)
        } catch let error as ConnectorError {
            append(SettingProblem(error.message))
        } catch {
            append(SettingProblem("\(error)"))
        }
        return nil
    }
}
