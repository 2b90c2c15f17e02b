// SPDX-License-Identifier: Apache-2.0

/// One application property of an AMQP message.
public struct AMQPProperty: Sendable, Hashable {
    /// The property's name; its case counts.
    public var name: String

    /// The property's value.
    public var value: AMQPValue

    /// Makes a property.
    ///
    /// - Parameters:
    ///   - name: the property's name.
    ///   - value: the property's value.
    public init(_ name: String, _ value: AMQPValue) {
        self.name = name
        self.value = value
    }
}

extension AMQPProperty: CustomStringConvertible {
    /// Name and type: the value may be confidential.
    public var description: String { "\(AttributeName.printable(name)): \(value)" }
}
