// SPDX-License-Identifier: Apache-2.0

/// An event's extension attributes: names with values, in the order they were added (C11).
///
/// Made for few: they lie in one array and are found by looking through it. The order is kept but does not count: two
/// collections are equal when they have the same names with equal values.
public struct ExtensionAttributes: Sendable {
    /// One extension attribute.
    public struct Element: Sendable, Hashable {
        /// The attribute's name.
        public let name: AttributeName
        /// The attribute's value.
        public var value: AttributeValue
    }

    private var elements: [Element] = []

    /// No attributes.
    public init() {}

    /// Wraps elements whose names are known to be different.
    init(unchecked elements: [Element]) {
        self.elements = elements
    }

    /// The value of an attribute; setting `nil` removes it.
    ///
    /// Names and values are checked by the event that takes the collection.
    public subscript(name: AttributeName) -> AttributeValue? {
        get { elements.first { $0.name == name }?.value }
        set {
            let index = elements.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): elements[index].value = value
            case (let index?, nil): elements.remove(at: index)
            case (nil, let value?): elements.append(Element(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Refuses names of the specification's own attributes (C13) and text a String cannot be (T3).
    func validate() throws(CloudEventError) {
        for element in elements { try Self.validate(element.name, element.value) }
    }

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
    public var endIndex: Int { elements.count }
    /// The attribute at a position.
    public subscript(position: Int) -> Element { elements[position] }
}

extension ExtensionAttributes: ExpressibleByDictionaryLiteral {
    /// Attributes in the order they are written; of two with one name the later counts.
    public init(dictionaryLiteral pairs: (AttributeName, AttributeValue)...) {
        for (name, value) in pairs { self[name] = value }
    }
}

extension ExtensionAttributes: Hashable {
    /// Whether both have the same names with equal values, in whatever order.
    public static func == (left: ExtensionAttributes, right: ExtensionAttributes) -> Bool {
        guard left.count == right.count else { return false }
        if left.elements == right.elements { return true }
        if left.count <= 16 { return left.elements.allSatisfy { right[$0.name] == $0.value } }
        let values = Dictionary(right.elements.map { ($0.name, $0.value) }) { first, _ in first }
        return left.elements.allSatisfy { values[$0.name] == $0.value }
    }

    /// Hashes names and values without their order.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(elements.reduce(0) { $0 ^ $1.hashValue })
    }
}
