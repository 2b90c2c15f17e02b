// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RedisStreamSink: ConfigurableConnector {
    /// `redis-stream`.
    public static var type: String { "redis-stream" }
    /// What it is, in one line.
    public static var summary: String { "Adds records to streams of a Redis server, in order." }

    private enum TrimmingName: String, CaseIterable, SettingValue { case about, exactly }

    private static let defaults = RedisStreamSinkOptions()
    private static let stream = Setting<StreamName>(
        "stream",
        "The key of the stream, perhaps with parts of the record: orders, orders-{subject}, copy-{partition}."
    )
    private static let format = Setting<EntryFormat>(
        "format",
        "How records become entries: cloudevents-binary, cloudevents-structured, fields, raw, text or json.",
        default: defaults.format
    )
    private static let dataField = Setting<String>(
        "dataField",
        "The field of the payload.",
        default: defaults.dataField
    )
    .checked("a name") { !$0.isEmpty }
    private static let maxLength = Setting<Int?>("maxLength", "How many entries a stream keeps; all without it.")
        .range(1...)
    private static let trimming = Setting<TrimmingName>(
        "trimming",
        "Whether maxLength is kept exactly, or about, which costs the server much less.",
        default: .about
    )

    /// Where the streams are, and how they are written.
    public static var settings: SettingGroup {
        RedisAddress.settings.adding(SettingGroup(stream, format, dataField, maxLength, trimming))
            .adding(SettingGroup().rules(.requires(trimming, maxLength)))
    }

    /// A sink from its settings.
    public convenience init(_ values: SettingValues) throws {
        var options = RedisStreamSinkOptions()
        options.format = values[Self.format]
        options.dataField = values[Self.dataField]
        options.maxLength = values[Self.maxLength].map { values[Self.trimming] == .exactly ? .exactly($0) : .about($0) }
        self.init(stream: values[Self.stream], of: RedisAddress(values), options: options)
    }
}
