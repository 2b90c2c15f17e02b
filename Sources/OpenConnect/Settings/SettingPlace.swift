// SPDX-License-Identifier: Apache-2.0

/// Where in a configuration something stands.
public struct SettingPlace: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The file, as it was named when it was read; `nil` for a text that is no file.
    public let file: String?
    /// The line, counted from 1.
    public let line: Int
    /// The character in the line (Unicode scalars), counted from 1.
    public let column: Int

    /// A place.
    public init(file: String? = nil, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `FILE:LINE:COLUMN`, or `LINE:COLUMN`.
    public var description: String { (file.map { "\($0):" } ?? "") + "\(line):\(column)" }

    /// By file, line and column.
    public static func < (left: SettingPlace, right: SettingPlace) -> Bool {
        (left.file ?? "", left.line, left.column) < (right.file ?? "", right.line, right.column)
    }
}
