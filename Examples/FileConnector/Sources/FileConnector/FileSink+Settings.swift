// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension FileSink: ConfigurableConnector {
    private enum FormatName: String, CaseIterable, SettingValue {
        case lines, cloudevents

        var format: Format { self == .lines ? .lines : .cloudEvents }
    }

    /// `file`.
    public static let type = "file"
    /// What it is.
    public static let summary = "Appends records to a file, one on each line, exactly once."
    private static let path = Setting<String>(
        "path",
        "The file, which is made if it is missing; its directory has to exist."
    )
    private static let format = Setting<FormatName>(
        "format",
        "How a record is written: its bytes, or a CloudEvent in JSON.",
        default: .lines
    )
    private static let append = Setting<Bool>(
        "append",
        "Whether to accept a file that has content although nothing is known of it.",
        default: false
    )
    private static let bypassCache = Setting<Bool>(
        "bypassCache",
        "Whether long writes go past the system's cache, which stays as it is for others: for files that nobody reads "
            + "soon. Lines appear at each commit. Linux only, elsewhere without effect.",
        default: false
    )

    /// Which file is written, and how.
    public static var settings: SettingGroup { SettingGroup(path, format, append, bypassCache) }

    /// A sink into the configured file.
    public init(_ values: SettingValues) throws {
        self.init(
            path: values[Self.path],
            format: values[Self.format].format,
            append: values[Self.append],
            bypassCache: values[Self.bypassCache]
        )
    }
}
