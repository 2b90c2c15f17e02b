// SPDX-License-Identifier: Apache-2.0

/// What an ``DocumentedExtension`` is read from: an event's attributes, each in the type that the extension gives it.
///
/// An attribute may be there in its own type or as that type's canonical text (C14): headers and JSON tell no types.
/// Every function gives `nil` where the attribute is not set.
public struct ExtensionReader: Sendable {
    /// The event, for rules that depend on more than the extension's own attributes.
    public let event: CloudEvent

    private let rule: String?

    init(_ event: CloudEvent, rule: String?) {
        self.event = event
        self.rule = rule
    }

    /// A String (T3).
    public func string(_ name: AttributeName) throws(CloudEventError) -> String? {
        guard case .string(let value)? = try value(name, as: .string) else { return nil }
        return value
    }

    /// A String with at least one character.
    public func nonEmptyString(_ name: AttributeName) throws(CloudEventError) -> String? {
        let value = try string(name)
        guard value != "" else { throw invalid(name, "the attribute is empty; give it a value or leave it out") }
        return value
    }

    /// A Boolean (T1).
    public func boolean(_ name: AttributeName) throws(CloudEventError) -> Bool? {
        guard case .boolean(let value)? = try value(name, as: .boolean) else { return nil }
        return value
    }

    /// An Integer (T2).
    public func integer(_ name: AttributeName) throws(CloudEventError) -> Int32? {
        guard case .integer(let value)? = try value(name, as: .integer) else { return nil }
        return value
    }

    /// A Binary (T4).
    public func binary(_ name: AttributeName) throws(CloudEventError) -> SharedBytes? {
        guard case .binary(let value)? = try value(name, as: .binary) else { return nil }
        return value
    }

    /// A URI (T5).
    public func uri(_ name: AttributeName) throws(CloudEventError) -> URI? {
        guard case .uri(let value)? = try value(name, as: .uri) else { return nil }
        return value
    }

    /// A URI-reference (T6).
    public func uriReference(_ name: AttributeName) throws(CloudEventError) -> URIReference? {
        guard case .uriReference(let value)? = try value(name, as: .uriReference) else { return nil }
        return value
    }

    /// A Timestamp (T7).
    public func timestamp(_ name: AttributeName) throws(CloudEventError) -> Timestamp? {
        guard case .timestamp(let value)? = try value(name, as: .timestamp) else { return nil }
        return value
    }

    /// Refuses an attribute that is not set.
    public func required<Value>(_ name: AttributeName, _ value: Value?) throws(CloudEventError) -> Value {
        if let value { return value }
        throw CloudEventError(
            .missingAttribute,
            "an event that uses the extension needs the attribute",
            attribute: name.string,
            rule: rule
        )
    }

    /// The error for an attribute whose value the extension does not allow.
    ///
    /// - Parameters:
    ///   - name: the attribute.
    ///   - message: what is wrong and what to do; without the attribute's value.
    public func invalid(_ name: AttributeName, _ message: String) -> CloudEventError {
        CloudEventError(.invalidValue, message, attribute: name.string, rule: rule)
    }
}

extension ExtensionReader {
    private func value(_ name: AttributeName, as type: AttributeType) throws(CloudEventError) -> AttributeValue? {
        guard let value = event[name] else { return nil }
        if value.type == type { return value }
        switch (value, type) {
        case (.string, _), (.uri, .uriReference), (.uriReference, .uri): break
        default: throw invalid(name, "the attribute is of the type \(value.type.rawValue), not \(type.rawValue)")
        }
        do throws(CloudEventError) {
            return try AttributeValue(canonical: value.canonicalString, as: type)
        } catch {
            throw invalid(name, error.message)
        }
    }
}
