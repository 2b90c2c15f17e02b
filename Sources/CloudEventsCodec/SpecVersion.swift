// SPDX-License-Identifier: Apache-2.0

/// The version of the CloudEvents specification that an event follows (C4).
public struct SpecVersion: Sendable, Hashable, CustomStringConvertible {
    /// The value of the attribute `specversion`.
    public let description: String

    private init(_ description: String) {
        self.description = description
    }

    /// Version 1.0, whatever its patch number.
    public static let v1 = SpecVersion("1.0")

    /// Version 0.3, which is read and converted.
    static let v03 = SpecVersion("0.3")

    static var unsupported: CloudEventError {
        CloudEventError(
            .unsupportedVersion,
            "only events of the versions 1.0 and 0.3 can be read",
            attribute: AttributeName.specVersion.string,
            rule: "C4"
        )
    }
}
