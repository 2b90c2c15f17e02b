// SPDX-License-Identifier: Apache-2.0

/// The version of the CloudEvents specification that an event follows (C4).
public struct SpecVersion: Sendable, Hashable, CustomStringConvertible {
    private enum Number: UInt8 {
        case v1, v03
    }

    private let number: Number

    /// The value of the attribute `specversion`.
    public var description: String { number == .v1 ? "1.0" : "0.3" }

    /// Version 1.0, whatever its patch number.
    public static var v1: SpecVersion { SpecVersion(number: .v1) }

    /// Version 0.3, which is read and converted.
    static var v03: SpecVersion { SpecVersion(number: .v03) }

    static var unsupported: CloudEventError {
        CloudEventError(
            .unsupportedVersion,
            "only events of the versions 1.0 and 0.3 can be read",
            attribute: AttributeName.specVersion.string,
            rule: "C4"
        )
    }
}
