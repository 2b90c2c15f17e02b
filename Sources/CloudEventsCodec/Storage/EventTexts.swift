// SPDX-License-Identifier: Apache-2.0

/// The texts of an event in the making: a place for each attribute of the specification, then name and value of each
/// extension. The list lies in memory of the caller's, and on the heap once that is too small.
struct EventTexts: ~Copyable {
    private(set) var base: UnsafeMutablePointer<EventText>
    private var capacity: Int
    private var isOnHeap = false
    private(set) var extensionCount = 0
    private var hasNulls = false
    /// The lengths of the extensions' names, one bit each, counted anew from 64 on: most names differ in length.
    private var nameLengths: UInt64 = 0
    /// The names of extensions once there are so many that looking through them would be slow.
    private var manyNames: Set<Name>?

    /// The places of the specification's attributes, by ``CoreAttribute``.
    static let coreCount = 8
    /// How many extensions have room in the caller's memory.
    static let inlineExtensions = 16
    static let inlineCount = coreCount + 2 * inlineExtensions

    /// - Parameter memory: room for ``inlineCount`` texts; it outlives the list.
    @inline(__always)
    init(in memory: UnsafeMutableBufferPointer<EventText>) {
        // The memory is never empty.
        base = memory.baseAddress.unsafelyUnwrapped
        capacity = memory.count
        base.initialize(repeating: .absent, count: Self.coreCount)
    }

    deinit {
        if isOnHeap { base.deallocate() }
    }

    /// Forgets all texts.
    mutating func removeAll() {
        base.update(repeating: .absent, count: Self.coreCount)
        extensionCount = 0
        hasNulls = false
        nameLengths = 0
        manyNames = nil
    }

    /// How many texts there are, present or not.
    var count: Int { Self.coreCount &+ 2 &* extensionCount }

    subscript(attribute: CoreAttribute) -> EventText {
        @inline(__always) get { base[Int(attribute.rawValue)] }
        @inline(__always) nonmutating set { base[Int(attribute.rawValue)] = newValue }
    }

    /// Adds an extension, or says that there is one with that name.
    @inline(__always)
    mutating func append(name: EventText, value: EventText) -> Bool {
        let length: UInt64 = 1 &<< UInt64(truncatingIfNeeded: name.count)
        if nameLengths & length != 0 || extensionCount >= Self.inlineExtensions {
            guard isNew(name) else { return false }
            if count &+ 2 > capacity { grow() }
        }
        nameLengths |= length
        (base + count).initialize(to: name)
        (base + (count &+ 1)).initialize(to: value)
        extensionCount &+= 1
        if value.isNull { hasNulls = true }
        return true
    }

    @inline(never)
    private mutating func isNew(_ name: EventText) -> Bool {
        guard extensionCount < Self.inlineExtensions else { return isNewAmongMany(name) }
        var index = 0
        while index < extensionCount {
            let other = self.name(at: index)
            if other.count == name.count, other.bytes.hasSameBytes(as: name.bytes) { return false }
            index &+= 1
        }
        return true
    }

    @inline(never)
    private mutating func isNewAmongMany(_ name: EventText) -> Bool {
        if manyNames == nil {
            var names: Set<Name> = []
            for index in 0..<extensionCount { names.insert(Name(bytes: self.name(at: index).bytes)) }
            manyNames = names
        }
        return manyNames?.insert(Name(bytes: name.bytes)).inserted ?? false
    }

    private func name(at index: Int) -> EventText { base[Self.coreCount &+ 2 &* index] }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<EventText>.allocate(capacity: capacity * 2)
        larger.initialize(from: base, count: count)
        if isOnHeap { base.deallocate() }
        (base, capacity, isOnHeap) = (larger, capacity * 2, true)
    }

    /// Copies all texts to a place, as they are after their buffer was copied to one `distance` bytes further.
    @inline(__always)
    func copy(to target: UnsafeMutablePointer<EventText>, movedBy distance: Int) {
        // Two by two, since there is always an even number of them.
        var index = 0
        while index < count {
            (target + index).initialize(to: base[index].moved(by: distance))
            (target + (index &+ 1)).initialize(to: base[index &+ 1].moved(by: distance))
            index &+= 2
        }
    }

    /// Takes the names out that stand for no attribute (J3).
    @inline(__always)
    mutating func removeNulls() {
        if hasNulls { compact() }
    }

    @inline(never)
    private mutating func compact() {
        var kept = 0
        for index in 0..<extensionCount where base[Self.coreCount + 2 * index + 1].type != .null {
            base[Self.coreCount + 2 * kept] = base[Self.coreCount + 2 * index]
            base[Self.coreCount + 2 * kept + 1] = base[Self.coreCount + 2 * index + 1]
            kept += 1
        }
        extensionCount = kept
    }

    /// A name by its bytes.
    private struct Name: Hashable {
        let bytes: UnsafeRawBufferPointer

        static func == (left: Name, right: Name) -> Bool { left.bytes.hasSameBytes(as: right.bytes) }

        func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
    }
}
