// SPDX-License-Identifier: Apache-2.0

/// What stands before the names of attributes among the application properties of an AMQP message: these two and no
/// others (A2).
public enum AMQPAttributePrefix: String, Sendable, Hashable, CaseIterable {
    /// `cloudEvents_`, which the specification recommends: selectors of JMS can name it.
    case underscore = "cloudEvents_"
    /// `cloudEvents:`
    case colon = "cloudEvents:"

    /// The prefix as text.
    public var string: String { rawValue }
}
