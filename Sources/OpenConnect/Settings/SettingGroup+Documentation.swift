// SPDX-License-Identifier: Apache-2.0

extension SettingGroup {
    /// A setting as the documentation lists it.
    struct Entry {
        let name: String
        let shape: String
        /// `required`, the default, or nothing.
        let presence: String
        let text: String
    }

    /// All settings, those of objects inside as `tls.key` and those of lists as `cases[].to`.
    var entries: [Entry] { entries(under: "") }

    private func entries(under prefix: String) -> [Entry] {
        items.flatMap { item -> [Entry] in
            var presence = item.isRequired ? "required" : ""
            if let text = item.defaultText { presence = text.plainText.isEmpty ? "\"\"" : text.plainText }
            var text = item.documentation
            if let example = item.example { text += " Example: `\(example.plainText)`." }
            let name = prefix + item.name
            let entry = Entry(name: name, shape: item.shape.words, presence: presence, text: text)
            guard let group = item.shape.group else { return [entry] }
            return [entry] + group.entries(under: name + (item.shape.isList ? "[]." : "."))
        }
    }

    /// A table in Markdown: setting, value, default, and what it is for.
    public var markdown: String {
        guard !items.isEmpty else { return "There are no settings.\n" }
        var text = "| setting | value | default | |\n|---|---|---|---|\n"
        for entry in entries {
            let presence =
                entry.presence.isEmpty || entry.presence == "required" ? entry.presence : "`\(entry.presence)`"
            let cells = ["`\(entry.name)`", entry.shape, presence, entry.text].map {
                $0.replacing("|", with: "\\|").replacing("\n", with: " ")
            }
            text += "| " + cells.joined(separator: " | ") + " |\n"
        }
        if !rules.isEmpty { text += "\n" + rules.map(\.words).joined(separator: " ") + "\n" }
        return text
    }

    /// A text for a terminal, each setting with its value and default on one line and what it is for below.
    public var help: String {
        guard !items.isEmpty else { return "  (no settings)\n" }
        var text = ""
        for entry in entries {
            let presence =
                entry.presence.isEmpty || entry.presence == "required" ? entry.presence : "default \(entry.presence)"
            let facts = [entry.shape.replacing("`", with: ""), presence].filter { !$0.isEmpty }.joined(separator: ", ")
            text += "  \(entry.name)  (\(facts))\n"
            for line in Self.wrapped(entry.text, at: 96) { text += "      \(line)\n" }
        }
        for rule in rules { text += "  \(rule.words.replacing("`", with: ""))\n" }
        return text
    }

    private static func wrapped(_ text: String, at width: Int) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
