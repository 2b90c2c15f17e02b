// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What the record of a letter is and the letter's event does not say, as the text of the attribute `deadletterrecord`:
/// fields joined by `&`, percent-encoded.
///
/// | field | meaning |
/// |---|---|
/// | `data=bytes` | the form in which the record held its data |
/// | `types=b0.2` | what the JSON of a structured value does not tell |
/// | `id`, `source=…` | the record had none of its own, or that one, which an event cannot have |
/// | `as=name:Integer` | the type of an extension, as many formats know only strings |
/// | `extension=0:name:String:…` | an extension that the event cannot have beside the letter's, and its place |
struct LetterCarrier {
    /// Attributes that the event has and the record has not, or has otherwise.
    enum Attribute: String, CaseIterable {
        case id, source, type, subject, datacontenttype
    }

    var form = RecordData.Form.absent
    var types = ""
    /// The inner `nil` says that the record has none.
    var attributes: [Attribute: String?] = [:]
    var extensionTypes: [(AttributeName, AttributeType)] = []
    var extensions: [(index: Int, element: EventExtension)] = []

    var text: String {
        var fields = ["data=\(form)"]
        if !types.isEmpty { fields.append("types=" + types) }
        for attribute in Attribute.allCases {
            guard let value = attributes[attribute] else { continue }
            fields.append(attribute.rawValue + (value.map { "=" + PercentText.encode($0) } ?? ""))
        }
        fields += extensionTypes.map { "as=\($0.string):\($1.rawValue)" }
        fields += extensions.map { index, element in
            let value = PercentText.encode(element.value.canonicalString)
            return "extension=\(index):\(element.name.string):\(element.value.type.rawValue):\(value)"
        }
        return fields.joined(separator: "&")
    }

    init() {}

    /// Reads the text; `nil` where it is not of a carrier.
    init?(_ text: String) {
        for field in text.split(separator: "&") {
            let name = field.prefix { $0 != "=" }
            let value = name.endIndex < field.endIndex ? field[field.index(after: name.endIndex)...] : nil
            guard read(name, value) else { return nil }
        }
    }

    private mutating func read(_ name: Substring, _ value: Substring?) -> Bool {
        if let attribute = Attribute(rawValue: String(name)) {
            guard let value else {
                attributes[attribute] = .some(nil)
                return true
            }
            guard let text = Self.decode(value) else { return false }
            attributes[attribute] = text
            return true
        }
        guard let value else { return false }
        switch name {
        case "data":
            guard let form = RecordData.Form(name: value) else { return false }
            self.form = form
        case "types": types = String(value)
        case "as": return readType(value.split(separator: ":"))
        case "extension": return readExtension(value.split(separator: ":", omittingEmptySubsequences: false))
        default: return false
        }
        return true
    }

    private mutating func readType(_ parts: [Substring]) -> Bool {
        guard parts.count == 2, let name = try? AttributeName(String(parts[0])),
            let type = AttributeType(rawValue: String(parts[1]))
        else { return false }
        extensionTypes.append((name, type))
        return true
    }

    private mutating func readExtension(_ parts: [Substring]) -> Bool {
        guard parts.count == 4, let index = Int(parts[0]), index >= 0, let name = try? AttributeName(String(parts[1])),
            let type = AttributeType(rawValue: String(parts[2])), let text = Self.decode(parts[3]),
            let value = Self.value(text, type)
        else { return false }
        extensions.append((index, EventExtension(name, value)))
        return true
    }

    /// A string is taken as it is: it may be here just because no event can have it.
    private static func value(_ text: String, _ type: AttributeType) -> AttributeValue? {
        type == .string ? .string(text) : try? AttributeValue(canonical: text, as: type)
    }

    private static func decode(_ text: Substring) -> String? {
        PercentText.decode(text).flatMap(String.init(validatingUTF8:))
    }

    /// The record's own extensions, of those that the event has besides the letter's.
    func restored(_ present: [EventExtension]) -> [EventExtension] {
        var all = present.map { element in
            guard let type = extensionTypes.first(where: { $0.0 == element.name })?.1, element.value.type != type,
                let value = Self.value(element.value.canonicalString, type)
            else { return element }
            return EventExtension(element.name, value)
        }
        for (index, element) in extensions { all.insert(element, at: min(index, all.count)) }
        return all
    }
}
