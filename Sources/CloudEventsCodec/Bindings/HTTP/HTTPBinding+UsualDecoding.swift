// SPDX-License-Identifier: Apache-2.0

extension HTTPBinding {
    /// Reads a message in binary mode as senders usually write it, in one pass and without a string in between.
    ///
    /// - Returns: `nil` for whatever is unusual or wrong: who reads on with care accepts it or says why not.
    func usualBinaryEvent(_ message: HTTPMessage) -> CloudEvent? {
        guard extensionTypes.isEmpty, message.headers.count <= limits.attributes else { return nil }
        return message.headers.withUnsafeBufferPointer { headers in
            // As much as the stack is used for; few messages have more.
            let (event, isFull) = Self.usualEvent(headers, message.body, limits.eventBytes, capacity: 1024)
            guard isFull else { return event }
            let size = headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
            return Self.usualEvent(headers, message.body, limits.eventBytes, capacity: size).event
        }
    }

    @inline(never)
    private static func usualEvent(
        _ headers: UnsafeBufferPointer<MessageHeader>,
        _ body: SharedBytes?,
        _ maximumSize: Int,
        capacity: Int
    ) -> (event: CloudEvent?, isFull: Bool) {
        TextArena.with(capacity: capacity) { arena in
            EventDraft.with { draft in
                for index in 0..<headers.count {
                    guard headers[index].takeUsual(into: &draft, &arena) else { return (nil, arena.isFull) }
                }
                // The names of the specification are not in the arena; none has more than fifteen bytes.
                let size = arena.count &+ headers.count &* 15 &+ (body?.count ?? 0)
                guard size <= maximumSize else { return (nil, false) }
                return (try? draft.usualEvent(of: body, &arena), false)
            }
        }
    }
}

extension EventDraft {
    @inline(__always)
    fileprivate mutating func usualEvent(
        of body: SharedBytes?,
        _ arena: inout TextArena
    ) throws(Refusal) -> CloudEvent {
        guard version == .v1 else { throw Refusal(.unsupportedVersion) }
        try requireAttributes()
        if let body, !body.isEmpty {
            let contentType = texts[.dataContentType]
            setData(EventData(received: body, contentType: contentType.isPresent ? contentType.bytes : nil))
        }
        return makeEvent(copying: arena.region, sharing: nil)
    }
}

extension MessageHeader {
    /// Takes the attribute that the header carries, if it carries one.
    ///
    /// - Returns: whether there is nothing unusual about it.
    @inline(__always)
    fileprivate func takeUsual(into draft: inout EventDraft, _ arena: inout TextArena) -> Bool {
        name.utf8.withContiguousStorageIfAvailable { name in
            value.utf8.withContiguousStorageIfAvailable { value in
                draft.takeUsual(UnsafeRawBufferPointer(name), UnsafeRawBufferPointer(value), &arena)
            } ?? false
        } ?? false
    }
}

extension EventDraft {
    @inline(never)
    fileprivate mutating func takeUsual(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ arena: inout TextArena
    ) -> Bool {
        guard arena.makesRoom(for: name.count &+ value.count) else { return false }
        return (try? take(name, value, &arena)) ?? false
    }

    @inline(__always)
    private mutating func take(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        let bytes = ByteView(name)
        guard bytes.count >= 3, bytes[0] | 0x20 == UInt8(ascii: "c") else { return true }
        guard bytes[1] | 0x20 == UInt8(ascii: "e"), bytes[2] == UInt8(ascii: "-") else {
            return try takeContentType(name, value, &arena)
        }
        let suffix = bytes[Range(uncheckedBounds: (3, bytes.count))]
        if let attribute = CoreAttribute(utf8: suffix) {
            guard attribute != .dataContentType, !has(attribute), let text = arena.appendHeaderValue(value) else {
                return false
            }
            try set(attribute, to: text, content: text.bytes)
            return true
        }
        guard AttributeName.isValid(suffix) else { return try takeLowercased(suffix, value, &arena) }
        return try takeExtension(arena.append(suffix, .plain), value, &arena)
    }

    @inline(__always)
    private mutating func takeExtension(
        _ name: EventText,
        _ value: UnsafeRawBufferPointer,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        guard let text = arena.appendHeaderValue(value), text.isPlain || EventDraft.isString(text.bytes) else {
            return false
        }
        try add(name, text)
        return true
    }

    /// A name with letters in upper case, as many libraries write it.
    @inline(never)
    private mutating func takeLowercased(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        let lowercased = arena.appendLowercased(name)
        guard let attribute = CoreAttribute(utf8: lowercased.bytes) else {
            guard AttributeName.isValid(lowercased.bytes) else { return false }
            return try takeExtension(lowercased, value, &arena)
        }
        guard attribute != .dataContentType, !has(attribute), let text = arena.appendHeaderValue(value) else {
            return false
        }
        try set(attribute, to: text, content: text.bytes)
        return true
    }

    /// The header `content-type`, unless it is the one of another mode; other headers are passed over.
    @inline(never)
    private mutating func takeContentType(
        _ name: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        guard name.count == 12 else { return true }
        guard equal(name, "content-type") || equal(arena.appendLowercased(name).bytes, "content-type") else {
            return true
        }
        guard !has(.dataContentType) else { return false }
        let text = arena.append(value)
        // White space around it, and the types of the other modes, are not usual here.
        guard text.isPlain, text.count > 0, value[0] > 0x20, value[value.count - 1] > 0x20,
            !isCloudEventsType(ByteView(value))
        else { return false }
        try set(.dataContentType, to: text, content: text.bytes)
        return true
    }

    private func isCloudEventsType(_ type: ByteView) -> Bool {
        // Behind `application/`, which need not be looked at: what is not usual is only read with more care.
        type.count >= 13 && type[12] | 0x20 == UInt8(ascii: "c")
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
        let view = ByteView(bytes)
        let first = view.count > 0 ? view[0] : 0
        guard first > 0x20, view[view.count &- 1] > 0x20, view.isPlain(besides: UInt8(ascii: "%")) else {
            return appendUnusual(view)
        }
        return append(bytes, .plain)
    }

    @inline(never)
    private mutating func appendUnusual(_ bytes: ByteView) -> EventText? {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start &+= 1 }
        while start < end, isBlank(bytes[end &- 1]) { end &-= 1 }
        let value = bytes[Range(uncheckedBounds: (start, end))]
        guard !value.contains(UInt8(ascii: "\"")) else { return nil }
        return value.contains(UInt8(ascii: "%")) ? appendDecoding(ByteView(value)) : append(value)
    }

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
