// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension HTTPSink: ConfigurableConnector {
    /// `http`.
    public static let type = "http"
    /// What it is.
    public static let summary = "Sends records as CloudEvents over HTTP, in order, and obeys the answers."
    private static let url = Setting<SinkTarget>(
        "url",
        "Where events are sent: an http or https URL without user information."
    )

    /// Where events are sent, and how.
    public static var settings: SettingGroup { SettingGroup(url).adding(SendingSettings.group) }

    /// A sink for the configured target.
    public convenience init(_ values: SettingValues) throws {
        let target = values[Self.url]
        try self.init(target, SendingSettings.options(values, for: target))
    }
}
