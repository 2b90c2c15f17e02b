// SPDX-License-Identifier: Apache-2.0

/// What is done about a field that is to be read and is not there.
public struct MissingFieldPolicy: Sendable, Hashable, CustomStringConvertible {
    /// The name by which a configuration chooses the policy.
    public let description: String

    private init(_ name: String) { description = name }

    /// The record is changed as far as it goes; a template has nothing there, or null.
    public static let skip = MissingFieldPolicy("skip")
    /// The record is rejected.
    public static let reject = MissingFieldPolicy("reject")

    /// All policies.
    public static let all: [MissingFieldPolicy] = [.skip, .reject]
}
