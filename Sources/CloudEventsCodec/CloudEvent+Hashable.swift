// SPDX-License-Identifier: Apache-2.0

extension CloudEvent: Hashable {
    /// Whether both have equal attributes, times by their instant, and the same data.
    public static func == (left: CloudEvent, right: CloudEvent) -> Bool {
        left.storage === right.storage
            || CoreAttribute.texts.allSatisfy { left.hasSameText($0, as: right) }
                && left.time == right.time && left.data == right.data && left.extensions == right.extensions
    }

    private func hasSameText(_ attribute: CoreAttribute, as other: CloudEvent) -> Bool {
        defer { withExtendedLifetime((storage, other.storage)) {} }
        let (left, right) = (texts[Int(attribute.rawValue)], other.texts[Int(attribute.rawValue)])
        return left.isPresent == right.isPresent && left.bytes.hasSameBytes(as: right.bytes)
    }

    /// Hashes all attributes and the data.
    public func hash(into hasher: inout Hasher) {
        for attribute in CoreAttribute.texts {
            withText(attribute) { hasher.combine(bytes: $0.bytes) }
            hasher.combine(0xFF as UInt8)
        }
        hasher.combine(time)
        hasher.combine(data)
        hasher.combine(extensions)
    }
}
