// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension SourceSubject {
    /// Has every kind of mistake in the settings of a type refused: one that is unknown, each that is missing, and a value
    /// of another kind for each.
    ///
    /// - Parameters:
    ///   - type: the type of the source.
    ///   - right: settings with which it can be made.
    public mutating func refuseWrongSettings<Connector: Source & ConfigurableConnector>(
        of type: Connector.Type,
        besides right: SettingInput
    ) throws {
        for wrong in try WrongSettings(type.settings, besides: right).all {
            wrongSettings[wrong.name] = { try Connector(settings: wrong.input) }
        }
    }
}

extension SinkSubject {
    /// Has every kind of mistake in the settings of a type refused: one that is unknown, each that is missing, and a value
    /// of another kind for each.
    ///
    /// - Parameters:
    ///   - type: the type of the sink.
    ///   - right: settings with which it can be made.
    public mutating func refuseWrongSettings<Connector: Sink & ConfigurableConnector>(
        of type: Connector.Type,
        besides right: SettingInput
    ) throws {
        for wrong in try WrongSettings(type.settings, besides: right).all {
            wrongSettings[wrong.name] = { try Connector(settings: wrong.input) }
        }
    }
}

/// Settings with one mistake each, made from settings that are right.
private struct WrongSettings {
    let all: [(name: String, input: SettingInput)]

    init(_ group: SettingGroup, besides right: SettingInput) throws {
        _ = try group.values(from: right)
        let members = try right.namedMembers()
        func changed(_ name: String, to value: SettingInput?) -> SettingInput {
            let others = members.filter { $0.name != name }
            return SettingInput(.object(others + (value.map { [SettingInput.Member(name, $0)] } ?? [])))
        }
        var all = [(name: "no-such-setting", input: changed("no-such-setting", to: "x"))]
        for name in group.requiredNames { all.append((name, changed(name, to: nil))) }
        for name in group.names where !group.requiredNames.contains(name) {
            let values: [SettingInput] = [true, "no such value", [[:]], ["no": ["such": "value"]]]
            let inputs = values.map { changed(name, to: $0) }
            // Where any value is right there is no wrong one.
            if let wrong = inputs.first(where: { (try? group.values(from: $0)) == nil }) { all.append((name, wrong)) }
        }
        self.all = all
    }
}
