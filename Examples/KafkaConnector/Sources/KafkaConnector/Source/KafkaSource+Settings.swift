// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension KafkaSource: ConfigurableConnector {
    private enum OffsetKeeperName: String, CaseIterable, SettingValue {
        case broker, store

        var keeper: Options.OffsetKeeper { self == .broker ? .broker : .store }
    }

    private enum OffsetResetName: String, CaseIterable, SettingValue {
        case earliest, latest, fail

        var reset: Options.OffsetReset {
            switch self {
            case .earliest: .earliest
            case .latest: .latest
            case .fail: .fail
            }
        }
    }

    /// `kafka`.
    public static let type = "kafka"
    /// What it is.
    public static let summary = "Reads topics of Kafka as a member of a consumer group."
    private static let topics = Setting<[String]>("topics", "The topics; one that begins with '^' is a pattern.")
        .checked("names of topics, or patterns that begin with '^'") { list in
            !list.isEmpty && list.allSatisfy { $0.hasPrefix("^") || TopicName.isValid($0) }
        }
        .example(["orders"])
    private static let group = Setting<String>("group", "The consumer group, whose members share the partitions.")
        .checked("a name") { !$0.isEmpty }
        .example("billing")
    private static let format = Setting<MessageFormat.Kind>(
        "format",
        "How a message becomes a record; auto reads events by their headers, and anything else raw.",
        default: .auto
    )
    private static let offsets = Setting<OffsetKeeperName>(
        "offsets",
        "Who keeps the offsets: the group's broker, or the pipeline's offset store.",
        default: .broker
    )
    private static let autoOffsetReset = Setting<OffsetResetName>(
        "autoOffsetReset",
        "Where reading begins without an offset, or where its message is gone.",
        default: .earliest
    )

    /// The topics, the group and the cluster.
    public static var settings: SettingGroup {
        SettingGroup(
            ConnectionSettings.brokers,
            topics,
            group,
            format,
            offsets,
            autoOffsetReset,
            ConnectionSettings.client
        )
    }

    /// A source with the configured values.
    public init(_ values: SettingValues) throws {
        self.init(
            topics: values[Self.topics],
            group: values[Self.group],
            client: ConnectionSettings.client(values),
            options: Options(
                format: MessageFormat(values[Self.format]),
                offsets: values[Self.offsets].keeper,
                autoOffsetReset: values[Self.autoOffsetReset].reset
            )
        )
    }
}
