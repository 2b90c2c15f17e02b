// SPDX-License-Identifier: Apache-2.0

extension SettingInput {
    /// The settings of a group that are given in an environment: `TICKS_EVERY=5s`, `TICKS_TLS_KEY=…`.
    ///
    /// The variable of a setting is the prefix and the name in capitals, with an underscore between its words; that of a
    /// setting inside an object has the object's name in front. A list of texts or numbers is written with commas,
    /// lists of objects and objects with free names in JSON. Variables with the prefix that belong to no setting are
    /// problems, as unknown settings are.
    ///
    /// - Parameters:
    ///   - environment: the variables.
    ///   - prefix: what the names of the variables begin with, such as `TICKS_`.
    ///   - group: the settings.
    /// - Throws: ``SettingProblems`` for texts that are no JSON where JSON is needed.
    public init(environment: [String: String], prefix: String, for group: SettingGroup) throws(SettingProblems) {
        var problems: [SettingProblem] = []
        var rest = environment.filter { $0.key.hasPrefix(prefix) }
        self.init(.object(group.members(&rest, prefix, &problems)))
        let known = group.variables(prefix)
        for name in rest.keys.sorted() {
            problems.append(SettingProblem("is no setting\(NearestName.advice(for: name, among: known))", at: name))
        }
        guard problems.isEmpty else { throw SettingProblems(problems) }
    }

    /// The name of a setting as a part of the name of a variable: `commitInterval` is `COMMIT_INTERVAL`.
    static func variable(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase, result.last.map({ $0 != "_" }) ?? false { result += "_" }
            result += character.isLetter || character.isNumber ? character.uppercased() : "_"
        }
        return result
    }
}

extension SettingGroup {
    fileprivate func members(
        _ variables: inout [String: String],
        _ prefix: String,
        _ problems: inout [SettingProblem]
    ) -> [SettingInput.Member] {
        items.compactMap { item in
            let name = prefix + SettingInput.variable(item.name)
            if let group = item.shape.group, !item.shape.isList, variables[name] == nil {
                let members = group.members(&variables, name + "_", &problems)
                return members.isEmpty ? nil : SettingInput.Member(item.name, SettingInput(.object(members)))
            }
            guard let text = variables.removeValue(forKey: name) else { return nil }
            guard let value = problems.collect({ try item.input(text, name) }) else { return nil }
            return SettingInput.Member(item.name, value)
        }
    }

    fileprivate func variables(_ prefix: String) -> [String] {
        items.flatMap { item in
            let name = prefix + SettingInput.variable(item.name)
            guard let group = item.shape.group, !item.shape.isList else { return [name] }
            return group.variables(name + "_") + [name]
        }
    }
}

extension SettingGroup.Item {
    fileprivate func input(_ text: String, _ variable: String) throws -> SettingInput {
        guard shape.isStructured, text.first == "{" || text.first == "[" else {
            var input = SettingInput(.text(text))
            input.isTextOnly = true
            return input
        }
        let document: SettingDocument
        do {
            document = try SettingDocument(json: text)
        } catch {
            throw SettingProblems(error.problems.map { SettingProblem("is no JSON: \($0.message)", at: variable) })
        }
        guard document.problems.isEmpty else {
            throw SettingProblems(document.problems.map { SettingProblem("\($0.keyPath) \($0.message)", at: variable) })
        }
        return document.root
    }
}
