// SPDX-License-Identifier: Apache-2.0

/// How often a record reaches a sink, whatever happens.
public struct DeliveryGuarantee: Sendable, Hashable, CustomStringConvertible {
    /// The name of the guarantee, as it stands in a configuration.
    public let description: String

    private init(_ name: String) { description = name }

    /// Never less than once; after a crash what was not committed is delivered again.
    public static let atLeastOnce = DeliveryGuarantee("atLeastOnce")
    /// Once: the positions and the data are kept in step by the sink.
    public static let exactlyOnce = DeliveryGuarantee("exactlyOnce")
}
