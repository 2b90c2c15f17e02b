// SPDX-License-Identifier: Apache-2.0

/// An event's extension attributes: names with values, in the order they were added (C11).
///
/// Made for few: they are found by looking through them. The order is kept but does not count: two collections are equal
/// when they have the same names with equal values. The attributes of an event are looked up where the event keeps them;
/// a list of their own is made only of a collection that is changed.
public struct ExtensionAttributes: Sendable {
    /// One extension attribute.
    public struct Element: Sendable, Hashable {
        /// The attribute's name.
        public let name: AttributeName
        /// The attribute's value.
        public var value: AttributeValue

        /// Makes an attribute.
        ///
        /// - Parameters:
        ///   - name: the attribute's name.
        ///   - value: the attribute's value.
        public init(name: AttributeName, value: AttributeValue) {
            self.name = name
            self.value = value
        }
    }

    private enum Content: Sendable {
        case list([Element])
        case event(CloudEvent)
    }

    private var content: Content

    /// No attributes.
    public init() {
        content = .list([])
    }

    /// Wraps elements whose names are known to be different.
    init(unchecked elements: [Element]) {
        content = .list(elements)
    }

    /// The attributes of an event.
    init(of event: CloudEvent) {
        content = .event(event)
    }

    /// The value of an attribute; setting `nil` removes it.
    ///
    /// Names and values are checked by the event that takes the collection.
    public subscript(name: AttributeName) -> AttributeValue? {
        get {
            switch content {
            case .list(let elements): elements.first { $0.name == name }?.value
            case .event(let event): event.extensionValue(name)
            }
        }
        set {
            var elements = takeList()
            let index = elements.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): elements[index].value = value
            case (let index?, nil): elements.remove(at: index)
            case (nil, let value?): elements.append(Element(name: name, value: value))
            case (nil, nil): break
            }
            content = .list(elements)
        }
    }

    /// The attributes as a list that nothing else refers to, so that it can be changed without a copy.
    private mutating func takeList() -> [Element] {
        guard case .list(let elements) = content else { return Array(self) }
        content = .list([])
        return elements
    }

    /// Refuses names of the specification's own attributes (C13) and text a String cannot be (T3).
    static func validate(_ name: AttributeName, _ value: AttributeValue) throws(CloudEventError) {
        guard !name.isCore else {
            throw CloudEventError(
                .invalidName,
                "an extension cannot have the name of an attribute of the specification; rename it",
                attribute: name.string,
                rule: "C13"
            )
        }
        guard case .string(let text) = value else { return }
        do throws(CloudEventError) { try AttributeValue.checkString(text) } catch { throw error.naming(name.string) }
    }
}

extension ExtensionAttributes: RandomAccessCollection {
    /// The first position.
    public var startIndex: Int { 0 }

    /// How many attributes there are.
    public var endIndex: Int {
        switch content {
        case .list(let elements): elements.count
        case .event(let event): event.facts.extensionCount
        }
    }

    /// The attribute at a position.
    public subscript(position: Int) -> Element {
        switch content {
        case .list(let elements): elements[position]
        case .event(let event): event.extensionElement(at: position)
        }
    }
}

extension ExtensionAttributes: ExpressibleByDictionaryLiteral {
    /// Attributes in the order they are written; of two with one name the later counts.
    public init(dictionaryLiteral pairs: (AttributeName, AttributeValue)...) {
        self.init()
        for (name, value) in pairs { self[name] = value }
    }
}

extension ExtensionAttributes: Hashable {
    /// Whether both have the same names with equal values, in whatever order.
    public static func == (left: ExtensionAttributes, right: ExtensionAttributes) -> Bool {
        guard left.count == right.count else { return false }
        if zip(left, right).allSatisfy({ $0 == $1 }) { return true }
        if left.count <= 16 { return left.allSatisfy { right[$0.name] == $0.value } }
        let values = Dictionary(right.map { ($0.name, $0.value) }) { first, _ in first }
        return left.allSatisfy { values[$0.name] == $0.value }
    }

    /// Hashes names and values without their order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(reduce(0) { $0 ^ $1.hashValue })
    }
}

extension CloudEvent {
    fileprivate func extensionElement(at position: Int) -> ExtensionAttributes.Element {
        defer { withExtendedLifetime(storage) {} }
        precondition(position >= 0 && position < facts.extensionCount, "index out of range")
        let place = EventTexts.coreCount + 2 * position
        return ExtensionAttributes.Element(
            name: .ofExtension(texts[place].string),
            value: AttributeValue(texts[place + 1])
        )
    }

    fileprivate func extensionValue(_ name: AttributeName) -> AttributeValue? {
        extensionText(name).map { AttributeValue($0) }
    }

    /// The text of an extension's value; only valid while the event is kept alive.
    func extensionText(_ name: AttributeName) -> EventText? {
        defer { withExtendedLifetime(storage) {} }
        return name.string.utf8.withContiguousStorageIfAvailable { wanted -> EventText? in
            // No name is empty.
            guard let bytes = wanted.baseAddress else { return nil }
            var text = texts + EventTexts.coreCount
            let end = text + 2 &* facts.extensionCount
            while text < end {
                // Most names differ in length.
                if text.pointee.count == wanted.count, let start = text.pointee.start, same(start, bytes, wanted.count)
                {
                    return text[1]
                }
                text += 2
            }
            return nil
        } ?? nil
    }
}
