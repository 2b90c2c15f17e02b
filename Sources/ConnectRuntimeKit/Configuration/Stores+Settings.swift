// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension FileOffsetStore: Configurable {
    /// `file`.
    public static let type = "file"
    /// What it is.
    public static let summary = "Keeps positions in a directory, durably, for one process."
    private static let path = Setting<String>("path", "The directory, which is made if it is missing.")
        .checked("the path of a directory") { !$0.isEmpty }
    /// The directory.
    public static var settings: SettingGroup { SettingGroup(path) }

    /// A store in the configured directory.
    public convenience init(_ values: SettingValues) throws { self.init(directory: values[Self.path]) }
}

extension InMemoryOffsetStore: Configurable {
    /// `memory`.
    public static let type = "memory"
    /// What it is.
    public static let summary = "Keeps positions in memory: after the end of the process everything begins anew."
    /// None.
    public static var settings: SettingGroup { SettingGroup() }

    /// An empty store.
    public convenience init(_ values: SettingValues) throws { self.init() }
}

extension FileDeadLetterStore: Configurable {
    /// `file`.
    public static let type = "file"
    /// What it is.
    public static let summary = "Keeps dead letters in a file, durably, one CloudEvent in JSON on each line."
    private static let path = Setting<String>("path", "The file, which is made if it is missing.")
        .checked("the path of a file") { !$0.isEmpty }
    /// The file.
    public static var settings: SettingGroup { SettingGroup(path) }

    /// A store in the configured file.
    public convenience init(_ values: SettingValues) throws { self.init(path: values[Self.path]) }
}

extension InMemoryDeadLetterStore: Configurable {
    /// `memory`.
    public static let type = "memory"
    /// What it is.
    public static let summary = "Keeps dead letters in memory: they are gone at the end of the process."
    /// None.
    public static var settings: SettingGroup { SettingGroup() }

    /// An empty store.
    public convenience init(_ values: SettingValues) throws { self.init() }
}
