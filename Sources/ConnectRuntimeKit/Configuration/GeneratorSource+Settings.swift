// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension GeneratorSource: ConfigurableConnector {
    private enum Payload: String, CaseIterable, SettingValue { case text, structured, bytes }

    /// `generator`.
    public static let type = "generator"
    /// What it is.
    public static let summary = "Makes up records: for demonstrations, and for tests of load."
    private static let payload = Setting<Payload>("payload", "What the records carry.", default: .text)
    private static let size = Setting<ByteSize>(
        "size",
        "How large texts and bytes are; the largest text of structured ones.",
        default: ByteSize(bytes: 100)
    )
    .range(ByteSize(bytes: 1)...ByteSize.mebibytes(16))
    private static let rate = Setting<Double?>(
        "rate",
        "How many records there are in a second; as many as possible without it."
    )
    .range(0...1e9)
    private static let count = Setting<Int?>("count", "How many records there are in all; no end without it.").range(
        0...
    )
    private static let partitions = Setting<Int>(
        "partitions",
        "Over how many partitions they are shared out.",
        default: 1
    )
    .range(1...1_000_000)
    private static let keys = Setting<Int>("keys", "How many different keys they have; 0 for none.", default: 0)
        .range(0...1_000_000_000)
    private static let attributes = Setting<Bool>(
        "attributes",
        "Whether records have an id, source, type, subject and time of their own.",
        default: false
    )
    private static let seed = Setting<Int>("seed", "Another one brings other records.", default: 0)

    /// What is made, how fast, and how much of it.
    public static var settings: SettingGroup {
        SettingGroup(payload, size, rate, count, partitions, keys, attributes, seed)
    }

    /// A generator with the configured payload and rate.
    public init(_ values: SettingValues) throws {
        let size = values[Self.size].bytes
        let payload: GeneratedPayload =
            switch values[Self.payload] {
            case .text: .text(bytes: size)
            case .structured: .structured(textBytes: 0...size)
            case .bytes: .bytes(count: size)
            }
        self.init(
            payload,
            rate: values[Self.rate].map { .constant($0) } ?? .unlimited,
            count: values[Self.count].map { Int64($0) },
            partitions: values[Self.partitions],
            keys: values[Self.keys],
            eventAttributes: values[Self.attributes],
            seed: UInt64(bitPattern: Int64(values[Self.seed]))
        )
    }
}
