// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// Reads an extension; `nil` where none of its attributes is set.
    ///
    /// - Throws: ``CloudEventError`` that names the attribute and the rule, where the event uses the extension but not as
    ///   it has to be used.
    public func readExtension<Value: DocumentedExtension>(
        _ type: Value.Type = Value.self
    ) throws(CloudEventError) -> Value? {
        guard hasExtension(type) else { return nil }
        return try Value(ExtensionReader(self, rule: type.rule))
    }

    /// Sets all attributes of an extension, in their own types, and removes those that it leaves out.
    ///
    /// - Throws: ``CloudEventError`` that names the attribute and the rule, where the extension does not allow the value;
    ///   the event stays as it was then.
    public mutating func setExtension<Value: DocumentedExtension>(_ value: Value) throws(CloudEventError) {
        var copy = self
        copy.removeExtension(Value.self)
        for attribute in value.attributes { try copy.setExtension(attribute.name, to: attribute.value) }
        _ = try copy.readExtension(Value.self)
        self = copy
    }

    /// Removes all attributes of an extension.
    public mutating func removeExtension(_ type: (some DocumentedExtension).Type) {
        for (name, _) in type.attributeTypes where extensions[name] != nil {
            // Removing an attribute never fails: only values are checked.
            try? setExtension(name, to: nil)
        }
    }

    /// Whether at least one attribute of an extension is set.
    public func hasExtension(_ type: any DocumentedExtension.Type) -> Bool {
        type.attributeTypes.contains { extensions[$0.key] != nil }
    }
}

// MARK: - Validation

extension CloudEvent {
    /// The extensions that the CloudEvents project documents and this library knows.
    public static let documentedExtensions: [any DocumentedExtension.Type] = [
        DistributedTracingExtension.self, PartitioningExtension.self, DataReferenceExtension.self,
        SequenceExtension.self, SeverityExtension.self, SampledRateExtension.self, RecordedTimeExtension.self,
        ExpiryTimeExtension.self, DeprecationExtension.self, CorrelationExtension.self, OPCUAExtension.self,
        AuthContextExtension.self, BusinessActivityExtension.self, DataClassificationExtension.self,
        VerifiabilityExtension.self,
    ]

    /// Checks all extensions that the event uses of those given.
    ///
    /// - Parameter types: the extensions to look for; all documented ones by default (E1 to E15).
    /// - Throws: ``CloudEventError`` for the first that is not used as it has to be.
    public func validateExtensions(
        _ types: [any DocumentedExtension.Type] = documentedExtensions
    ) throws(CloudEventError) {
        for type in types { try validate(type) }
    }

    /// What is wrong with the extensions that the event uses: one error for each extension, in the order given.
    ///
    /// - Parameter types: the extensions to look for; all documented ones by default (E1 to E15).
    public func extensionErrors(_ types: [any DocumentedExtension.Type] = documentedExtensions) -> [CloudEventError] {
        types.compactMap { type in
            do throws(CloudEventError) {
                try validate(type)
                return nil
            } catch {
                return error
            }
        }
    }

    private func validate(_ type: (some DocumentedExtension).Type) throws(CloudEventError) {
        _ = try readExtension(type)
    }
}

extension [AttributeName: AttributeType] {
    /// The types of all attributes of the documented extensions (E1 to E15), for
    /// ``JSONEventFormat/init(limits:extensionTypes:)``: JSON tells no timestamp from a text.
    public static var documentedExtensions: Self {
        var types: Self = [:]
        for type in CloudEvent.documentedExtensions {
            for (name, attributeType) in type.attributeTypes { types[name] = attributeType }
        }
        return types
    }
}
