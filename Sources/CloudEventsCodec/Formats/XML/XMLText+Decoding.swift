// SPDX-License-Identifier: Apache-2.0

extension UnsafeRawBufferPointer {
    /// Writes what a text stands for, references resolved and line ends (XML 1.0, 2.11) and an attribute's white space
    /// (3.3.3) normalized.
    func decode(_ text: XMLText, to writer: inout JSONWriter) {
        let end = text.range.upperBound
        guard text.needsDecoding else { return writer.writeRaw(part(text.range)) }
        writer.reserve(text.range.count)
        var position = text.range.lowerBound
        while position < end {
            let start = position
            while position < end, !isSpecial(self[position], text.kind) { position &+= 1 }
            writer.writeRaw(part(start..<position))
            guard position < end else { return }
            if self[position] == UInt8(ascii: "&"), let reference = xmlReference(at: position) {
                write(reference.scalar, to: &writer)
                position = reference.end
                continue
            }
            // A line end of two bytes is one.
            let isPair = self[position] == 0x0D && position + 1 < end && self[position + 1] == 0x0A
            writer.writeRaw(text.kind == .attributeValue ? 0x20 : 0x0A)
            position += isPair ? 2 : 1
        }
    }

    @inline(__always)
    private func isSpecial(_ byte: UInt8, _ kind: XMLText.Kind) -> Bool {
        switch kind {
        case .characters: byte == UInt8(ascii: "&") || byte == 0x0D
        case .cdata: byte == 0x0D
        case .attributeValue: byte == UInt8(ascii: "&") || byte == 0x0D || byte == 0x0A || byte == 0x09
        }
    }

    private func write(_ scalar: Unicode.Scalar, to writer: inout JSONWriter) {
        for unit in UTF8.encode(scalar) ?? .init() { writer.writeRaw(unit) }
    }

    /// Gives what a text stands for to a closure; only one that needs decoding is copied for it.
    func withDecoded<Result>(_ text: XMLText, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard text.needsDecoding else { return body(part(text.range)) }
        var writer = JSONWriter(capacity: text.range.count)
        decode(text, to: &writer)
        return writer.withUnsafeBytes { body($0) }
    }

    /// The character that a reference stands for and where the reference ends, or nothing where there is none: only the
    /// five predefined entities and characters by number.
    func xmlReference(at position: Int) -> (scalar: Unicode.Scalar, end: Int)? {
        guard position + 1 < count else { return nil }
        if self[position + 1] == UInt8(ascii: "#") { return characterReference(from: position + 2) }
        if has("&amp;", at: position) { return ("&", position + 5) }
        if has("&lt;", at: position) { return ("<", position + 4) }
        if has("&gt;", at: position) { return (">", position + 4) }
        if has("&quot;", at: position) { return ("\"", position + 6) }
        return has("&apos;", at: position) ? ("'", position + 6) : nil
    }

    /// Whether an ASCII literal stands here.
    @inline(__always)
    func has(_ literal: StaticString, at position: Int) -> Bool {
        let end = position + literal.utf8CodeUnitCount
        return end <= count && equal(part(position..<end), literal)
    }

    private func characterReference(from start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
        var position = start
        let isHexadecimal = position < count && self[position] == UInt8(ascii: "x")
        if isHexadecimal { position += 1 }
        let digits = position
        var value: UInt32 = 0
        while position < count, self[position] != UInt8(ascii: ";") {
            let byte = self[position]
            guard isHexadecimal ? URISyntax.isHex(byte) : URISyntax.isDigit(byte), value <= 0x10_FFFF else {
                return nil
            }
            let digit = URISyntax.isDigit(byte) ? byte &- UInt8(ascii: "0") : (byte | 0x20) &- UInt8(ascii: "a") &+ 10
            value = value * (isHexadecimal ? 16 : 10) + UInt32(digit)
            position += 1
        }
        guard position < count, position > digits, let scalar = Unicode.Scalar(value), isXMLCharacter(value) else {
            return nil
        }
        return (scalar, position + 1)
    }

    private func isXMLCharacter(_ value: UInt32) -> Bool {
        value >= 0x20 ? value & 0xFFFF_FFFE != 0xFFFE : value == 0x09 || value == 0x0A || value == 0x0D
    }
}
