// SPDX-License-Identifier: Apache-2.0

extension EventDraft {
    /// Allocates the event.
    ///
    /// - Parameters:
    ///   - region: memory that texts and data lie in and that does not stay: it is copied whole, in one go.
    ///   - owner: the buffer that all other texts lie in, if there is one; it is kept alive.
    @inline(__always)
    mutating func makeEvent(copying region: UnsafeRawBufferPointer, sharing owner: SharedByteStorage?) -> CloudEvent {
        facts.extensionCount = texts.extensionCount
        let textsOffset = MemoryLayout<EventFacts>.stride
        let regionOffset = textsOffset &+ texts.count &* MemoryLayout<EventText>.stride
        let storage = SharedByteStorage.make(capacity: regionOffset &+ region.count &+ foreignCount)
        let base = storage.base
        let target = (base + textsOffset).assumingMemoryBound(to: EventText.self)
        var free = base + regionOffset
        var dataStart = facts.dataStart
        if let source = region.baseAddress, region.count > 0 {
            free.copyMemory(from: source, byteCount: region.count)
            let distance = UnsafeRawPointer(free) - source
            texts.copy(to: target, movedBy: distance)
            if facts.dataHolder == .event { dataStart = dataStart.map { $0 + distance } }
            free += region.count
        } else {
            target.initialize(from: texts.base, count: texts.count)
        }
        if foreignCount > 0 { copyForeign(target, to: free) }
        // Only the copy has the new place: what was just written is read slowly.
        base.initializeMemory(as: EventFacts.self, to: facts).pointee.dataStart = dataStart
        if owner != nil || dataOwner != nil {
            storage.withUnsafeMutablePointerToHeader {
                $0.pointee.textOwner = owner
                $0.pointee.dataOwner = dataOwner.take()
            }
        }
        return CloudEvent(storage: storage)
    }

    /// Copies the texts that the event needs for itself, and resolves escapes.
    @inline(never)
    private func copyForeign(_ target: UnsafeMutablePointer<EventText>, to start: UnsafeMutableRawPointer) {
        var free = UnsafeMutableRawBufferPointer(start: start, count: foreignCount)
        for index in 0..<texts.count {
            let text = texts.base[index]
            guard text.isCopied else { continue }
            let count: Int
            if text.marks.contains(.escaped) {
                count = JSONScanner.unescape(text.bytes, to: free)
            } else {
                free.copyMemory(from: text.bytes)
                count = text.count
            }
            let bytes = UnsafeRawBufferPointer(rebasing: free[..<count])
            target[index] = EventText(bytes, bytes.isPlainText ? .plain : [], type: text.type)
            free = UnsafeMutableRawBufferPointer(rebasing: free[count...])
        }
    }
}
