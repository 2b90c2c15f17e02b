// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// The object `runtime` of a configuration.
extension RuntimeOptions: SettingStructure {
    private static let restart = Setting<RestartPolicy>(
        "restart",
        "Whether and when a pipeline that failed is run again.",
        default: RestartPolicy()
    )
    private static let stallLimit = Setting<Duration>(
        "stallLimit",
        "How long a call into a connector or a store may take before it counts as stalled.",
        default: RuntimeOptions().stallLimit
    ).range(.milliseconds(1)...)
    private static let stopDeadline = Setting<Duration>(
        "stopDeadline",
        "How long a stop may take before the process ends without what still hangs.",
        default: RuntimeOptions().stopDeadline
    )

    /// Everything about how pipelines are looked after.
    public static var settings: SettingGroup { SettingGroup(restart, stallLimit, stopDeadline) }

    /// The configured options.
    public init(_ values: SettingValues) throws {
        self.init()
        restart = values[Self.restart]
        stallLimit = values[Self.stallLimit]
        stopDeadline = values[Self.stopDeadline]
    }
}

extension RestartPolicy: SettingStructure {
    private static let firstDelay = Setting<Duration>(
        "firstDelay",
        "The longest wait after the first failure.",
        default: RestartPolicy().firstDelay
    )
    private static let maxDelay = Setting<Duration>(
        "maxDelay",
        "The longest wait after any failure.",
        default: RestartPolicy().maxDelay
    )
    private static let maxRestarts = Setting<Int?>(
        "maxRestarts",
        "How often a pipeline is run again that does not become healthy in between; null for as often as it takes.",
        default: RestartPolicy().maxRestarts
    ).range(0...)
    private static let healthyAfter = Setting<Duration>(
        "healthyAfter",
        "How long a pipeline has to run for its earlier failures to be forgotten.",
        default: RestartPolicy().healthyAfter
    )

    /// Delays and limits.
    public static var settings: SettingGroup { SettingGroup(firstDelay, maxDelay, maxRestarts, healthyAfter) }

    /// The configured policy.
    public init(_ values: SettingValues) throws {
        self.init(
            firstDelay: values[Self.firstDelay],
            maxDelay: values[Self.maxDelay],
            maxRestarts: values[Self.maxRestarts],
            healthyAfter: values[Self.healthyAfter]
        )
    }
}
