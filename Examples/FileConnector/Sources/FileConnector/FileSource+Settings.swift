// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension FileSource: ConfigurableConnector {
    /// `file`.
    public static let type = "file"
    /// What it is.
    public static let summary = "Reads the lines of files: each line is a record, each file a partition."
    private static let path = Setting<String?>("path", "The file.")
    private static let paths = Setting<[String]?>("paths", "The files, each once.")
        .checked("a list with at least one path") { $0 != [] }
    private static let follow = Setting<Bool>(
        "follow",
        "Whether to go on at the end of a file, as tail -F does, through every kind of rotation.",
        default: Options().follow
    )
    private static let maxLineBytes = Setting<ByteSize>(
        "maxLineBytes",
        "The longest line; a longer one is rejected.",
        default: ByteSize(bytes: Options().maxLineBytes)
    ).range(ByteSize(bytes: 1)...)
    private static let chunkSize = Setting<ByteSize>(
        "chunkSize",
        "How much is read at once.",
        default: ByteSize(bytes: Options().chunkSize)
    ).range(ByteSize(bytes: 1)...ByteSize.mebibytes(256))
    private static let pollInterval = Setting<Duration>(
        "pollInterval",
        "How long to wait before looking again whether a followed file has grown.",
        default: Options().pollInterval
    ).range(.milliseconds(1)...)

    /// Which files are read, and how.
    public static var settings: SettingGroup {
        SettingGroup(path, paths, follow, maxLineBytes, chunkSize, pollInterval).rules(.exactlyOne(path, paths))
    }

    /// A source of the configured files.
    public init(_ values: SettingValues) throws {
        self.init(
            paths: values[Self.paths] ?? [values[Self.path] ?? ""],
            options: Options(
                follow: values[Self.follow],
                maxLineBytes: values[Self.maxLineBytes].bytes,
                chunkSize: values[Self.chunkSize].bytes,
                pollInterval: values[Self.pollInterval]
            )
        )
    }
}
