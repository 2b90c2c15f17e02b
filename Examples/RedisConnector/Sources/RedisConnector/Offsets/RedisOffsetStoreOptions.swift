// SPDX-License-Identifier: Apache-2.0

/// How a ``RedisOffsetStore`` works.
public struct RedisOffsetStoreOptions: Sendable {
    /// What the names of the store's keys begin with.
    public var prefix = "openconnect:offsets"
    /// How long an owner that does not renew stays the owner, by the server's clock.
    public var lease: Duration = .seconds(10)
    /// How often a standby looks whether the owner is gone.
    public var standbyInterval: Duration = .milliseconds(250)

    /// The defaults.
    public init() {}
}
