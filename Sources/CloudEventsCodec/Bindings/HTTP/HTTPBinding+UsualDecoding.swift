// SPDX-License-Identifier: Apache-2.0

extension HTTPBinding {
    /// Reads a message in binary mode as senders usually write it, in one pass and without a string in between.
    ///
    /// - Returns: `nil` for whatever is unusual or wrong: who reads on with care accepts it or says why not.
    func usualBinaryEvent(_ message: HTTPMessage) -> CloudEvent? {
        guard extensionTypes.isEmpty, message.headers.count <= limits.attributes else { return nil }
        let body = BorrowedBytes(message.body)
        return message.headers.withUnsafeBufferPointer { headers in
            headers.withMemoryRebound(to: BorrowedHeader.self) { headers in
                // As much as the stack is used for; few messages have more.
                let (event, isFull) = Self.usualEvent(headers, body, limits.eventBytes, capacity: 1024)
                guard isFull else { return event }
                var size = 0
                for index in 0..<headers.count { size += headers[index].capacity }
                return Self.usualEvent(headers, body, limits.eventBytes, capacity: size).event
            }
        }
    }

    @inline(never)
    private static func usualEvent(
        _ headers: UnsafeBufferPointer<BorrowedHeader>,
        _ body: BorrowedBytes,
        _ maximumSize: Int,
        capacity: Int
    ) -> (event: CloudEvent?, isFull: Bool) {
        TextArena.with(capacity: capacity) { arena in
            EventDraft.with { draft in
                for index in 0..<headers.count {
                    guard headers[index].takeUsual(into: &draft, &arena) else { return (nil, arena.isFull) }
                }
                // The names of the specification are not in the arena; none has more than fifteen bytes.
                let size = arena.count &+ headers.count &* 15 &+ body.count
                guard size <= maximumSize, draft.version == .v1, (try? draft.requireAttributes()) != nil else {
                    return (nil, false)
                }
                if body.count > 0 { draft.setReceived(body) }
                return (draft.makeEvent(copying: arena.region, sharing: nil), false)
            }
        }
    }
}

/// A header where it lies. It cannot be copied, so that looking at it among others costs no reference count: those of all
/// headers were two fifths of the time. A structure of one property is laid out as the property is.
private struct BorrowedHeader: ~Copyable {
    private let header: MessageHeader

    /// How much room the header's texts need in an arena.
    var capacity: Int { header.name.utf8.count + header.value.utf8.count + TextArena.excess }

    /// Takes the attribute that the header carries, if it carries one.
    ///
    /// - Returns: whether there is nothing unusual about it.
    @inline(never)
    borrowing func takeUsual(into draft: inout EventDraft, _ arena: inout TextArena) -> Bool {
        header.name.utf8.withContiguousStorageIfAvailable { name in
            header.value.utf8.withContiguousStorageIfAvailable { value in
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
        (try? take(ByteView(name), ByteView(value), &arena)) ?? false
    }

    @inline(__always)
    private mutating func take(
        _ header: ByteView,
        _ value: ByteView,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        let hasPrefix = HeaderName.hasPrefix(header)
        guard hasPrefix || HeaderName.isContentType(header) else { return true }
        guard arena.makesRoom(for: header.count &+ value.count &+ TextArena.excess) else { return false }
        guard hasPrefix else { return try takeContentType(value, &arena) }
        guard header.count > HeaderName.prefixCount else { return false }
        guard header.count &- HeaderName.prefixCount <= HeaderName.maximumCount else {
            return try takeLong(header, value, &arena)
        }
        let name = HeaderName(ofHeader: header)
        if let attribute = name.attribute { return try takeCore(attribute, value, &arena) }
        guard name.isValid else { return false }
        return try takeExtension(arena.append(name), value, &arena)
    }

    @inline(__always)
    private mutating func takeCore(
        _ attribute: CoreAttribute,
        _ value: ByteView,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        if attribute == .specVersion {
            guard version == nil, equal(value.buffer, "1.0") else { return false }
            version = .v1
            return true
        }
        guard attribute != .dataContentType, !has(attribute), let text = arena.appendHeaderValue(value) else {
            return false
        }
        try set(attribute, to: text, content: text.bytes)
        return true
    }

    @inline(__always)
    private mutating func takeExtension(
        _ name: EventText,
        _ value: ByteView,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        guard let text = arena.appendHeaderValue(value), text.isPlain || EventDraft.isString(text.bytes) else {
            return false
        }
        try add(name, text)
        return true
    }

    /// An extension with a name longer than what two words hold.
    @inline(never)
    private mutating func takeLong(
        _ header: ByteView,
        _ value: ByteView,
        _ arena: inout TextArena
    ) throws(Refusal) -> Bool {
        guard let name = arena.appendLongName(ofHeader: header) else { return false }
        return try takeExtension(name, value, &arena)
    }

    /// The header `content-type`, unless it is the one of another mode.
    @inline(__always)
    private mutating func takeContentType(_ value: ByteView, _ arena: inout TextArena) throws(Refusal) -> Bool {
        guard !has(.dataContentType) else { return false }
        let text = arena.appendUsual(value) ?? arena.append(value.buffer)
        // White space around it, and the types of the other modes, are not usual here.
        guard text.isPlain, value.count > 0, value[0] > 0x20, value[value.count &- 1] > 0x20,
            !isCloudEventsType(value)
        else { return false }
        try set(.dataContentType, to: text, content: text.bytes)
        return true
    }

    @inline(__always)
    private func isCloudEventsType(_ type: ByteView) -> Bool {
        // Behind `application/`, which need not be looked at: what is not usual is only read with more care.
        type.count >= 13 && type[12] | 0x20 == UInt8(ascii: "c")
    }

    /// Sets the data to the body of a message in binary mode, as ``EventData/init(received:contentType:)`` does.
    @inline(__always)
    fileprivate mutating func setReceived(_ body: BorrowedBytes) {
        facts.dataForm = EventData.Form(received: facts.contentClass)
        facts.dataStart = body.start
        facts.dataCount = body.count
        facts.dataHolder = .data
        dataOwner = body.owner?.takeUnretainedValue()
    }
}

/// Bytes that somebody else keeps alive meanwhile.
private struct BorrowedBytes {
    let owner: Unmanaged<SharedByteStorage>?
    let start: UnsafeRawPointer?
    let count: Int

    @inline(__always)
    init(_ bytes: SharedBytes?) {
        owner = bytes?.storage.map { Unmanaged.passUnretained($0) }
        start = bytes?.start
        count = bytes?.count ?? 0
    }
}
