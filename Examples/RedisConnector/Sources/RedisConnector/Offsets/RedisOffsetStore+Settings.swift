// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RedisOffsetStore: Configurable {
    /// `redis`.
    public static var type: String { "redis" }
    /// What it is, in one line.
    public static var summary: String {
        "Keeps positions in a Redis server; instances on several machines are an active and its standbys."
    }

    private static let prefix = Setting<String>(
        "prefix",
        "What the names of the store's keys begin with.",
        default: "openconnect:offsets"
    ).checked("a name") { !$0.isEmpty }
    private static let lease = Setting<Duration>(
        "lease",
        "How long an owner that died or froze stays the owner.",
        default: .seconds(10)
    ).range(.milliseconds(100)...)
    private static let standbyInterval = Setting<Duration>(
        "standbyInterval",
        "How often a standby looks whether the owner is gone.",
        default: .milliseconds(250)
    ).range(.milliseconds(10)...)

    /// Where the server is, and how the claims work.
    public static var settings: SettingGroup {
        RedisAddress.settings.adding(SettingGroup(prefix, lease, standbyInterval))
    }

    /// A store from its settings.
    public convenience init(_ values: SettingValues) throws {
        var options = RedisOffsetStoreOptions()
        options.prefix = values[Self.prefix]
        options.lease = values[Self.lease]
        options.standbyInterval = values[Self.standbyInterval]
        self.init(RedisAddress(values), options: options)
    }
}
