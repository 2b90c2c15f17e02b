// SPDX-License-Identifier: Apache-2.0

// The scanner goes in and its new place comes out by value: what is in registers stays there.

// MARK: - Usual values

extension JSONScanner {
    /// The end of the string that begins here, the place of its closing quotation mark, if it is one of plain text.
    @inline(__always)
    var endOfUsualString: Int? {
        let (end, isUsual) = bytes.endOfPlainString(from: offset &+ 1)
        return isUsual ? end : nil
    }
}

extension EventDraft {
    /// Takes an attribute of plain text.
    // Into so large a loop the compiler inlines nothing for the sake of `@inline(__always)`: 700 instructions per event.
    @_transparent
    mutating func take(
        _ content: UnsafeRawBufferPointer,
        as name: JSONMemberName,
        in scanner: JSONScanner
    ) throws(Refusal) {
        let text = EventText(content, .plain)
        if let attribute = name.member.attribute {
            do throws(Refusal) {
                try set(attribute, to: text, content: content)
            } catch {
                throw error.of(.core(attribute), at: scanner.offset &+ 1)
            }
        } else {
            do throws(Refusal) {
                try add(EventText(scanner.bytes[name.text.range], .plain), text)
            } catch {
                throw error.of(.name, at: name.text.range.lowerBound)
            }
        }
    }
}

// MARK: - Attributes

extension JSONScanner {
    /// Reads the value of one of the specification's own attributes, all of which are strings in JSON (J2), and gives the
    /// place behind it.
    @inline(never)
    func readAttribute(_ attribute: CoreAttribute, into draft: inout EventDraft) throws(Refusal) -> Int {
        var scanner = self
        guard current == UInt8(ascii: "\"") else { return try readNull(attribute) }
        let string = try scanner.string()
        let text = EventText(bytes[string.range], string.marks)
        if string.hasEscapes {
            try readEscaped(attribute, string, into: &draft)
        } else {
            do throws(Refusal) {
                try draft.set(attribute, to: text, content: text.bytes)
            } catch {
                throw error.of(.core(attribute), at: string.range.lowerBound)
            }
        }
        return scanner.offset
    }

    @inline(never)
    private func readNull(_ attribute: CoreAttribute) throws(Refusal) -> Int {
        guard current == UInt8(ascii: "n") else { throw Refusal(.notString, .core(attribute), at: offset) }
        var scanner = self
        try scanner.literal("null")
        return scanner.offset
    }

    @inline(never)
    private func readEscaped(
        _ attribute: CoreAttribute,
        _ string: JSONString,
        into draft: inout EventDraft
    ) throws(Refusal) {
        let text = EventText(rawBytes(string), .escaped)
        do throws(Refusal) {
            try withUTF8(string) { content throws(Refusal) in try draft.set(attribute, to: text, content: content) }
        } catch {
            throw error.of(.core(attribute), at: string.range.lowerBound)
        }
    }
}

// MARK: - Extensions

extension JSONScanner {
    /// Reads the value of an extension attribute and gives the place behind it.
    ///
    /// - Parameters:
    ///   - name: the attribute's name.
    ///   - types: the declared types of extensions, if there are any.
    ///   - draft: takes the attribute.
    @inline(never)
    func readExtension(
        _ name: JSONMemberName,
        types: [AttributeName: AttributeType]?,
        into draft: inout EventDraft
    ) throws(Refusal) -> Int {
        var scanner = self
        do throws(Refusal) {
            let nameText: EventText
            if name.member == .extension {
                nameText = EventText(bytes[name.text.range], .plain)
            } else {
                nameText = try unusualName(name.text, &draft)
            }
            let declared = types.flatMap { $0[AttributeName(unchecked: nameText.string)] }
            try draft.add(nameText, try scanner.extensionValue(declared: declared))
        } catch {
            throw error.of(.name, at: name.text.range.lowerBound)
        }
        return scanner.offset
    }

    /// A name that is not checked yet. One with escapes, which is allowed and hardly ever seen, is kept beside the text
    /// until the end.
    @inline(never)
    private func unusualName(_ name: JSONString, _ draft: inout EventDraft) throws(Refusal) -> EventText {
        guard name.hasEscapes else {
            guard AttributeName.isValid(bytes[name.range]) else { throw Refusal(.invalidName) }
            return EventText(bytes[name.range], .plain)
        }
        let bytes = unescaped(name)
        draft.keepAlive(bytes)
        guard AttributeName.isValid(bytes.unsafeBytes) else { throw Refusal(.invalidName) }
        return EventText(bytes.unsafeBytes, .foreign)
    }

    /// Reads the value of an extension attribute (J2, J11); `null` is no value (J3).
    @inline(__always)
    private mutating func extensionValue(declared: AttributeType?) throws(Refusal) -> EventText {
        guard current == UInt8(ascii: "\"") else {
            let (value, end) = try otherValue(declared: declared)
            offset = end
            return value
        }
        let string = try self.string()
        if let declared, declared != .string { return try declaredValue(string, as: declared) }
        guard string.isPlain || isString(string) else { throw Refusal(.invalidString) }
        return EventText(bytes[string.range], string.marks)
    }

    @inline(never)
    private func isString(_ string: JSONString) -> Bool { withUTF8(string) { EventDraft.isString($0) } }

    /// A string whose attribute is declared to be of another type.
    @inline(never)
    private func declaredValue(_ string: JSONString, as type: AttributeType) throws(Refusal) -> EventText {
        let text = withUTF8(string) { String(decoding: $0, as: UTF8.self) }
        guard (try? AttributeValue(canonical: text, as: type)) != nil else { throw Refusal(.init(notOf: type)) }
        if type == .integer, text == "-0" {
            let zero = StaticString("0")
            return EventText(UnsafeRawBufferPointer(start: zero.utf8Start, count: 1), .foreign, type: .integer)
        }
        let raw = rawBytes(string)
        return EventText(raw, string.marks, type: EventText.ValueType(type))
    }

    /// The value that begins here and is no string.
    @inline(never)
    private func otherValue(declared: AttributeType?) throws(Refusal) -> (EventText, end: Int) {
        var scanner = self
        let type: EventText.ValueType
        switch current {
        case UInt8(ascii: "n"):
            try scanner.literal("null")
            type = .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            try scanner.literal(current == UInt8(ascii: "t") ? "true" : "false")
            guard declared == nil || declared == .boolean else { throw Refusal(.wrongDeclaredType) }
            type = .boolean
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw Refusal(.nestedAttribute)
        default:
            let number = try scanner.number()
            guard number.isInteger, AttributeValue.integer(scanner.rawBytes(from: offset)) != nil else {
                throw Refusal(.invalidInteger)
            }
            guard declared == nil || declared == .integer else { throw Refusal(.wrongDeclaredType) }
            type = .integer
        }
        return (EventText(Self.canonical(scanner.rawBytes(from: offset)), .plain, type: type), scanner.offset)
    }

    /// The canonical text of an Integer: zero has no sign there.
    private static func canonical(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        equal(text, "-0") ? UnsafeRawBufferPointer(rebasing: text[1...]) : text
    }
}

extension JSONString {
    /// What an event's text has to know of the string.
    @inline(__always) var marks: EventText.Marks { isPlain ? .plain : hasEscapes ? .escaped : [] }
}
