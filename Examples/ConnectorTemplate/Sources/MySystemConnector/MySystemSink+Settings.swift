// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension MySystemSink: ConfigurableConnector {
    /// `my-system`.
    public static let type = "my-system"
    /// What it is.
    public static let summary = "Adds records to MySystem, each as a message."
    private static let path = Setting<String>("path", "The file of the log; it has to exist.")

    /// Where messages are added.
    public static var settings: SettingGroup { SettingGroup(path) }

    /// A sink into the configured log.
    public init(_ values: SettingValues) throws {
        self.init(path: values[Self.path])
    }
}
