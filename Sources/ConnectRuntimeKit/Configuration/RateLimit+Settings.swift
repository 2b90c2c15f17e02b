// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The object `rateLimit` of the delivery.
extension RateLimit: SettingStructure {
    private static let records = Setting<Double?>("recordsPerSecond", "Records in a second; may be less than one.")
    private static let bytes = Setting<ByteSize?>("bytesPerSecond", "Bytes of data in a second.")
    private static let saved = Setting<Duration>(
        "burst",
        "How long a pipeline that polls nothing saves up what it may poll.",
        default: RateLimit().burst
    )

    /// Records, bytes and burst.
    public static var settings: SettingGroup { SettingGroup(records, bytes, saved) }

    /// The configured limit.
    public init(_ values: SettingValues) throws {
        self.init(
            recordsPerSecond: values[Self.records],
            bytesPerSecond: values[Self.bytes].map { Double($0.bytes) },
            burst: values[Self.saved]
        )
        if let defect { throw values.problem(defect) }
    }
}
