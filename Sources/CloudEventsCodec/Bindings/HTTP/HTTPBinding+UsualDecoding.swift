// SPDX-License-Identifier: Apache-2.0

extension HTTPBinding {
    /// Reads a message in binary mode as senders usually write it, without a string in between.
    ///
    /// - Returns: `nil` for whatever is unusual or wrong: who reads on with care accepts it or says why not.
    func usualBinaryEvent(_ message: HTTPMessage, contentType: String?) -> CloudEvent? {
        guard extensionTypes.isEmpty, message.headers.count <= limits.attributes else { return nil }
        var size = contentType?.utf8.count ?? 0
        for header in message.headers { size &+= header.name.utf8.count &+ header.value.utf8.count }
        guard size &+ (message.body?.count ?? 0) <= limits.eventBytes else { return nil }
        let event: CloudEvent?? = try? EventDraft.with { draft throws(Refusal) in
            try TextArena.with(capacity: size) { arena throws(Refusal) in
                for header in message.headers {
                    guard try header.takeUsual(into: &draft, &arena) else { return nil }
                }
                return try draft.usualEvent(of: message.body, contentType: contentType, &arena)
            }
        }
        return event ?? nil
    }
}

extension EventDraft {
    @inline(__always)
    fileprivate mutating func usualEvent(
        of body: SharedBytes?,
        contentType: String?,
        _ arena: inout TextArena
    ) throws(Refusal) -> CloudEvent? {
        if let contentType {
            let text = arena.append(contentType)
            try set(.dataContentType, to: text, content: text.bytes)
        }
        guard version == .v1 else { return nil }
        try requireAttributes()
        if let body, !body.isEmpty { setData(EventData(received: body, contentType: contentType)) }
        return makeEvent(copying: arena.region, sharing: nil)
    }
}

extension MessageHeader {
    /// Takes the attribute that the header carries, if it carries one.
    ///
    /// - Returns: whether there is nothing unusual about it.
    @inline(__always)
    fileprivate func takeUsual(into draft: inout EventDraft, _ arena: inout TextArena) throws(Refusal) -> Bool {
        var name = name
        let nameText = name.withUTF8 { buffer -> EventText? in
            let bytes = UnsafeRawBufferPointer(buffer)
            guard bytes.count >= 3, bytes[0] | 0x20 == UInt8(ascii: "c"), bytes[1] | 0x20 == UInt8(ascii: "e"),
                bytes[2] == UInt8(ascii: "-")
            else { return nil }
            return arena.appendLowercased(UnsafeRawBufferPointer(rebasing: bytes[3...]))
        }
        guard let nameText else { return true }
        var value = value
        guard let text = value.withUTF8({ arena.appendHeaderValue(UnsafeRawBufferPointer($0)) }) else { return false }
        if let attribute = CoreAttribute(utf8: nameText.bytes) {
            guard attribute != .dataContentType, !draft.has(attribute) else { return false }
            try draft.set(attribute, to: text, content: text.bytes)
        } else {
            guard AttributeName.isValid(nameText.bytes), text.isPlain || EventDraft.isString(text.bytes) else {
                return false
            }
            try draft.add(nameText, text)
        }
        return true
    }
}

extension EventDraft {
    @inline(__always)
    fileprivate func has(_ attribute: CoreAttribute) -> Bool {
        attribute == .specVersion ? version != nil : texts[attribute].isPresent
    }
}

extension TextArena {
    /// Copies the bytes of a name with its ASCII letters in lower case.
    @inline(__always)
    fileprivate mutating func appendLowercased(_ bytes: UnsafeRawBufferPointer) -> EventText {
        let target = room(for: bytes.count)
        let source = ByteView(bytes)
        for position in 0..<bytes.count {
            let byte = source[position]
            target[position] = byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        }
        return EventText(UnsafeRawBufferPointer(target), .plain)
    }

    /// Copies a header's value without blanks around it, and resolves its percent sequences (H8).
    ///
    /// - Returns: `nil` where there is a quoted part, or a percent sequence that is not one, or no valid UTF-8.
    @inline(__always)
    fileprivate mutating func appendHeaderValue(_ bytes: UnsafeRawBufferPointer) -> EventText? {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start &+= 1 }
        while start < end, isBlank(bytes[end &- 1]) { end &-= 1 }
        let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        let view = ByteView(value)
        guard !view.contains(UInt8(ascii: "\"")) else { return nil }
        guard view.contains(UInt8(ascii: "%")) else { return append(value) }
        return appendDecoding(view)
    }

    @inline(never)
    private mutating func appendDecoding(_ value: ByteView) -> EventText? {
        let target = room(for: value.count)
        var (read, written) = (0, 0)
        while read < value.count {
            var byte = value[read]
            read &+= 1
            if byte == UInt8(ascii: "%") {
                guard read &+ 2 <= value.count, let high = HTTPHeaderValue.value(ofDigit: value[read]),
                    let low = HTTPHeaderValue.value(ofDigit: value[read &+ 1])
                else { return nil }
                byte = high << 4 | low
                read &+= 2
            }
            target[written] = byte
            written &+= 1
        }
        let text = UnsafeRawBufferPointer(rebasing: target[..<written])
        guard isValidUTF8(text) else { return nil }
        return EventText(text, text.isPlainText ? .plain : [])
    }

    @inline(__always)
    private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
