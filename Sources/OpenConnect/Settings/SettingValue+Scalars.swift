// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

extension String: SettingValue {
    /// A text.
    public static var settingShape: SettingShape { SettingShape("text") }
    /// Reads a text, with what its references stand for.
    public init(setting input: SettingInput) throws { self = try input.text() }
    /// The text.
    public var settingText: StructuredValue? { .string(self) }
}

extension Secret: SettingValue {
    /// A text that nothing shows.
    public static var settingShape: SettingShape {
        var shape = SettingShape("secret text", schema: ["type": .string("string"), "writeOnly": .boolean(true)])
        shape.isSecret = true
        return shape
    }

    /// Reads a text; no problem shows what was there.
    public init(setting input: SettingInput) throws {
        guard case .text = input.content else { throw input.problem("is a text in quotes") }
        self.init(try input.text())
        input.redaction?.add(self)
    }
}

extension Bool: SettingValue {
    /// `true` or `false`.
    public static var settingShape: SettingShape { SettingShape("true or false", schema: ["type": .string("boolean")]) }
    /// Reads a truth value.
    public init(setting input: SettingInput) throws { self = try input.boolean() }
    /// The truth value.
    public var settingText: StructuredValue? { .boolean(self) }
}

extension Int: SettingValue {
    /// A whole number.
    public static var settingShape: SettingShape { SettingShape("whole number", schema: ["type": .string("integer")]) }
    /// Reads a whole number.
    public init(setting input: SettingInput) throws { self = try input.wholeNumber() }
    /// The number.
    public var settingText: StructuredValue? { .integer(Int64(self)) }
}

extension Double: SettingValue {
    /// A number.
    public static var settingShape: SettingShape { SettingShape("number", schema: ["type": .string("number")]) }
    /// Reads a number.
    public init(setting input: SettingInput) throws { self = try input.number() }
    /// The number.
    public var settingText: StructuredValue? { .double(self) }
}

extension Duration: SettingValue {
    /// A time with its unit.
    public static var settingShape: SettingShape { SettingShape(DurationText.words, schema: DurationText.schema) }

    /// Reads a time such as `250ms`, `1s`, `1.5s` or `5m`.
    public init(setting input: SettingInput) throws {
        guard case .text = input.content, let duration = DurationText.duration(try input.text()) else {
            throw input.mismatch("a \(DurationText.words)")
        }
        self = duration
    }

    /// The time, in the largest unit that gives a whole number.
    public var settingText: StructuredValue? { .string(DurationText.text(self)) }
}

extension ByteSize: SettingValue {
    private static let words = "size such as 64KiB, 1.5MB or 512 (bytes)"

    /// A number of bytes, with or without a unit.
    public static var settingShape: SettingShape {
        let pattern = StructuredValue.string("^[0-9]+(\\.[0-9]+)? ?([kMGT]?B|[KMGT]iB)?$")
        let text: StructuredObject = ["type": .string("string"), "pattern": pattern]
        let number: StructuredObject = ["type": .string("integer"), "minimum": .integer(0)]
        return SettingShape(words, schema: ["anyOf": .array([.object(text), .object(number)])])
    }

    /// Reads a size.
    public init(setting input: SettingInput) throws {
        let text: String
        if case .number(let digits) = input.content { text = digits } else { text = try input.sizeText(Self.words) }
        guard let size = ByteSize(text) else { throw input.mismatch("a \(Self.words)") }
        self = size
    }

    /// The size with its unit.
    public var settingText: StructuredValue? { .string(description) }
}

extension SettingInput {
    fileprivate func sizeText(_ words: String) throws -> String {
        guard case .text = content else { throw mismatch("a \(words)") }
        return try text()
    }
}

extension URI: SettingValue {
    /// An absolute URI (RFC 3986, section 4.3).
    public static var settingShape: SettingShape {
        SettingShape("URL", schema: ["type": .string("string"), "format": .string("uri")])
    }

    /// Reads an absolute URI.
    public init(setting input: SettingInput) throws {
        let text = try input.text()
        do { self = try URI(text) } catch { throw input.mismatch("an absolute URL such as http://host:8080/path") }
    }

    /// The URI.
    public var settingText: StructuredValue? { .string(string) }
}
