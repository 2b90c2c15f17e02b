// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension RedisStreamSource: ConfigurableConnector {
    /// `redis-stream`.
    public static var type: String { "redis-stream" }
    /// What it is, in one line.
    public static var summary: String { "Reads streams of a Redis server as a consumer of a group." }

    private enum DeletedName: String, CaseIterable, SettingValue { case reject, skip }

    private static let defaults = RedisStreamSourceOptions()
    private static let streams = Setting<[String]>("streams", "The keys of the streams.")
    private static let group = Setting<String>("group", "The name of the consumer group.")
    private static let consumer = Setting<String?>(
        "consumer",
        "The consumer's name, which no other running instance has and which stays the same; the host's without it."
    )
    private static let createGroup = Setting<String?>(
        "createGroup",
        "Where a missing group is made: beginning, end, or behind the entry with an ID. Without it, it has to be there."
    )
    private static let format = Setting<EntryFormat>(
        "format",
        "How entries become records: auto, fields, raw, text, json, cloudevents-binary or cloudevents-structured.",
        default: defaults.format
    )
    private static let dataField = Setting<String>(
        "dataField",
        "The field of the payload.",
        default: defaults.dataField
    )
    .checked("a name") { !$0.isEmpty }
    private static let claimIdle = Setting<Duration>(
        "claimIdle",
        "How long an entry of another consumer has to be idle before it is taken over; 0s for never.",
        default: .seconds(60)
    ).range(.zero...)
    private static let deleted = Setting<DeletedName>(
        "deleted",
        "What becomes of entries that were deleted before they were committed: reject, or skip with a warning.",
        default: .reject
    )
    private static let block = Setting<Duration>(
        "block",
        "How long the server waits for entries before it answers that there are none.",
        default: defaults.block
    ).range(.milliseconds(1)...(.seconds(3600)))
    private static let count = Setting<Int>(
        "count",
        "The most entries that are read of each stream at once.",
        default: defaults.count
    ).range(1...100_000)

    /// Where the streams are, and how they are read.
    public static var settings: SettingGroup {
        RedisAddress.settings.adding(
            SettingGroup(
                streams,
                group,
                consumer,
                createGroup,
                format,
                dataField,
                claimIdle,
                deleted,
                block,
                count
            )
        )
    }

    /// A source from its settings.
    public init(_ values: SettingValues) throws {
        var options = RedisStreamSourceOptions()
        options.format = values[Self.format]
        options.dataField = values[Self.dataField]
        options.consumer = values[Self.consumer]
        options.claimIdle = values[Self.claimIdle] == .zero ? nil : values[Self.claimIdle]
        options.deleted = values[Self.deleted] == .reject ? .rejected : .skipped
        options.block = values[Self.block]
        options.count = values[Self.count]
        switch values[Self.createGroup] {
        case "beginning": options.createGroup = .beginning
        case "end": options.createGroup = .end
        case let id?:
            guard EntryID(id) != nil else {
                throw values.problem(Self.createGroup, "is beginning, end, or the ID of an entry: 1732200000000-0")
            }
            options.createGroup = .behind(id)
        case nil: break
        }
        try self.init(
            streams: values[Self.streams],
            group: values[Self.group],
            of: RedisAddress(values),
            options: options
        )
    }
}
