// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension KafkaSink: ConfigurableConnector {
    private enum KeylessName: String, CaseIterable, SettingValue {
        case sourcePartition = "source-partition", anyPartition = "any-partition"

        var keyless: Options.Keyless { self == .sourcePartition ? .sourcePartition : .anyPartition }
    }

    private enum TimestampName: String, CaseIterable, SettingValue {
        case produced, recorded

        var timestamps: Options.Timestamps { self == .produced ? .produced : .recorded }
    }

    /// `kafka`.
    public static let type = "kafka"
    /// What it is.
    public static let summary = "Writes records into a topic of Kafka, at least once and in order."
    private static let defaults = Options()
    private static let topic = Setting<String>("topic", "The topic; it has to exist, unless the brokers make it.")
        .checked("a topic's name: letters, digits, '.', '_' and '-', at most 249") { TopicName.isValid($0) }
        .example("orders")
    private static let format = Setting<MessageFormat.Kind>(
        "format",
        "How a record becomes a message; auto writes cloudevents-binary.",
        default: .binary
    )
    private static let keyless = Setting<KeylessName>(
        "keyless",
        "Where records without a key go: by their partition of the source, in order, or anywhere.",
        default: .sourcePartition
    )
    private static let timestamps = Setting<TimestampName>(
        "timestamps",
        "What the timestamp of a message says: when it was sent, or what the upstream recorded.",
        default: .produced
    )
    private static let concurrency = Setting<Int>(
        "concurrency",
        "How many batches may be sent beside one another, each of other lanes; with 1 they follow one another.",
        default: defaults.concurrency
    ).range(1...64)
    private static let deliveryTimeout = Setting<Duration>(
        "deliveryTimeout",
        "How long to wait for reports before messages are given up and put again by a new producer.",
        default: defaults.deliveryTimeout
    ).range(.milliseconds(100)...)

    /// The topic, the cluster, and how messages are made.
    public static var settings: SettingGroup {
        SettingGroup(
            ConnectionSettings.brokers,
            topic,
            format,
            keyless,
            timestamps,
            concurrency,
            deliveryTimeout,
            ConnectionSettings.client
        )
    }

    /// A sink with the configured values.
    public convenience init(_ values: SettingValues) throws {
        self.init(
            topic: values[Self.topic],
            client: ConnectionSettings.client(values),
            options: Options(
                format: MessageFormat(values[Self.format]),
                keyless: values[Self.keyless].keyless,
                timestamps: values[Self.timestamps].timestamps,
                concurrency: values[Self.concurrency],
                deliveryTimeout: values[Self.deliveryTimeout]
            )
        )
    }
}
