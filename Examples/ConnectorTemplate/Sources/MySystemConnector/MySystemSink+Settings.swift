// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension MySystemSink: ConfigurableConnector {
    /// `my-system`.
    public static let type = "my-system"
    /// What it is.
    public static let summary = "Adds records to MySystem, each as a message."
    private static let directory = Setting<String>("directory", "The directory with the messages; it has to exist.")

    /// Where messages are added.
    public static var settings: SettingGroup { SettingGroup(directory) }

    /// A sink into the configured directory.
    public init(_ values: SettingValues) throws {
        self.init(directory: values[Self.directory])
    }
}
