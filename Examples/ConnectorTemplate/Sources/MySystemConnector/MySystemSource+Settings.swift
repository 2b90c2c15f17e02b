// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension MySystemSource: ConfigurableConnector {
    /// `my-system`.
    public static let type = "my-system"
    /// What it is.
    public static let summary = "Reads the messages of MySystem, in order."
    private static let path = Setting<String>("path", "The file of the log.")
    private static let pollInterval = Setting<Duration>(
        "pollInterval",
        "How long to wait before looking for new messages again.",
        default: .milliseconds(200)
    ).range(.milliseconds(1)...)

    /// What is read, and how often.
    public static var settings: SettingGroup { SettingGroup(path, pollInterval) }

    /// A source of the configured log.
    public init(_ values: SettingValues) throws {
        self.init(path: values[Self.path], pollInterval: values[Self.pollInterval])
    }
}
