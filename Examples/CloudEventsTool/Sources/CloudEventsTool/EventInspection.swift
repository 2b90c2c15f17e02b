// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// All there is to say about an event.
struct EventInspection {
    struct Row {
        let name: String
        let type: String
        let rule: String
        let value: String
    }

    struct Extension {
        let title: String
        let rule: String?
        let error: CloudEventError?
    }

    let number: Int
    let rows: [Row]
    let extensions: [Extension]
    let data: EventData

    init(_ event: CloudEvent, number: Int) {
        self.number = number
        data = event.data
        rows = event.attributes.map { attribute in
            Row(
                name: attribute.name.string,
                type: attribute.value.type.rawValue,
                rule: Self.rule(of: attribute.name),
                value: attribute.value.canonicalString
            )
        }
        extensions = CloudEvent.documentedExtensions.filter { event.hasExtension($0) }.map { type in
            Extension(title: type.title, rule: type.rule, error: event.extensionErrors([type]).first)
        }
    }

    var errors: [CloudEventError] { extensions.compactMap(\.error) }

    /// The rule that says what an attribute is.
    private static func rule(of name: AttributeName) -> String {
        switch name {
        case .specVersion: return "C4"
        case .id: return "C10"
        case .source: return "C5"
        case .type: return "C6"
        case _ where name.isCore: return "C7"
        default:
            let documented = CloudEvent.documentedExtensions.first { type in
                type.attributeTypes.contains { $0.key == name }
            }
            return documented?.rule ?? "C11"
        }
    }
}

// MARK: - For people

extension EventInspection {
    var text: String {
        let header = Row(name: "ATTRIBUTE", type: "TYPE", rule: "RULE", value: "VALUE")
        let widths = (
            name: width(\.name, header), type: width(\.type, header), rule: width(\.rule, header)
        )
        var text = "event \(number)\n"
        for row in [header] + rows {
            text += "  " + Self.padded(row.name, widths.name) + Self.padded(row.type, widths.type)
            text += Self.padded(row.rule, widths.rule) + row.value + "\n"
        }
        text += "  data: \(data)\n"
        for item in extensions {
            text += "  extension \(item.title)" + (item.rule.map { " (\($0))" } ?? "") + ": "
            text += (item.error.map { "wrong: attribute \($0.attribute ?? "?"): \($0.message)" } ?? "valid") + "\n"
        }
        return text
    }

    private func width(_ column: (Row) -> String, _ header: Row) -> Int {
        ([header] + rows).map { column($0).count }.max() ?? 0
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: width - text.count + 2)
    }
}

// MARK: - For programs

extension EventInspection {
    func write(to writer: inout JSONWriter) {
        var object = JSONObject(&writer)
        object.member("event", number, &writer)
        object.member("attributes", rows, &writer) { row, writer in
            var object = JSONObject(&writer)
            object.member("name", row.name, &writer)
            object.member("type", row.type, &writer)
            object.member("rule", row.rule, &writer)
            object.member("value", row.value, &writer)
            object.end(&writer)
        }
        object.name("data", &writer)
        var payload = JSONObject(&writer)
        payload.member("kind", data.kind.rawValue, &writer)
        payload.member("bytes", data.bytes.count, &writer)
        payload.end(&writer)
        object.member("extensions", extensions, &writer) { item, writer in
            var object = JSONObject(&writer)
            object.member("title", item.title, &writer)
            if let rule = item.rule { object.member("rule", rule, &writer) }
            object.member("valid", item.error == nil, &writer)
            if let error = item.error {
                if let attribute = error.attribute { object.member("attribute", attribute, &writer) }
                object.member("code", error.code.description, &writer)
                object.member("message", error.message, &writer)
            }
            object.end(&writer)
        }
        object.end(&writer)
    }
}
