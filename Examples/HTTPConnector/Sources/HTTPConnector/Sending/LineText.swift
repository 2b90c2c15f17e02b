// SPDX-License-Identifier: Apache-2.0

/// Foreign text made fit for a message: on one line, and not too long.
enum LineText {
    /// The beginning of a text, its control characters as escapes such as `\u{A}`.
    static func escaped(_ text: String, limit: Int) -> String {
        var line = ""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else { return line + "…" }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                line += scalar.escaped(asASCII: true)
            default:
                line.unicodeScalars.append(scalar)
            }
            count += 1
        }
        return line
    }
}
