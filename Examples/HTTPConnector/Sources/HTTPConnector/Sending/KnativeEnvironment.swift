// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What Knative tells the container of an event source.
struct KnativeEnvironment: Sendable {
    /// `K_SINK`.
    let target: SinkTarget
    /// `K_CE_OVERRIDES`.
    let overrides: EventOverrides
    /// `K_CA_CERTS`.
    let authorities: String?

    private static let advice = "Knative's SinkBinding and ContainerSource set it"

    /// Reads the environment.
    ///
    /// - Throws: `SettingFlaw` that names the variable and never shows its value.
    init(_ variable: (String) -> String?) throws(SettingFlaw) {
        guard let url = variable("K_SINK"), !url.isEmpty else {
            throw SettingFlaw(
                "K_SINK",
                "the environment variable K_SINK is missing; \(Self.advice). Elsewhere, use the type 'http' and its url"
            )
        }
        do throws(SettingFlaw) {
            target = try SinkTarget(url)
        } catch {
            throw SettingFlaw("K_SINK", "the environment variable K_SINK is wrong: \(error.message); \(Self.advice)")
        }
        overrides = try Self.overrides(variable("K_CE_OVERRIDES") ?? "")
        let text = variable("K_CA_CERTS") ?? ""
        authorities = text.utf8.allSatisfy { $0 <= 0x20 } ? nil : text
    }

    private static func overrides(_ text: String) throws(SettingFlaw) -> EventOverrides {
        guard !text.utf8.allSatisfy({ $0 <= 0x20 }) else { return EventOverrides() }
        guard case .object(let members) = try? StructuredValue(json: SharedBytes(utf8: text)) else {
            throw flaw(#"is no JSON object such as {"extensions":{"name":"value"}}"#)
        }
        var overrides = EventOverrides()
        switch members["extensions"] {
        case nil, .null: break
        case .object(let extensions):
            for member in extensions.members {
                let (name, value) = try attribute(member)
                overrides.extensions[name] = value
            }
        default: throw flaw("has 'extensions' that are no object of texts")
        }
        return overrides
    }

    private static func attribute(_ member: StructuredObject.Member) throws(SettingFlaw) -> (AttributeName, String) {
        let shown = LineText.escaped(member.name, limit: 60)
        guard let name = try? AttributeName(member.name), !name.isCore else {
            throw flaw("sets '\(shown)', which is no name of an extension attribute: those have a-z and 0-9 alone")
        }
        guard case .string(let value) = member.value, (try? AttributeValue.checked(value)) != nil else {
            throw flaw("sets '\(shown)' to something else than a text without control characters")
        }
        return (name, value)
    }

    private static func flaw(_ words: String) -> SettingFlaw {
        SettingFlaw("K_CE_OVERRIDES", "the environment variable K_CE_OVERRIDES \(words); \(advice)")
    }
}

extension AttributeValue {
    /// A text, if an event can have it.
    fileprivate static func checked(_ text: String) throws -> AttributeValue {
        var event = try CloudEvent(id: "1", source: "urn:x", type: "x")
        try event.setExtension(AttributeName("x"), to: .string(text))
        return .string(text)
    }
}
