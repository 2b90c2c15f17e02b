// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

/// A value with a structure, rich enough for JSON, databases and binary formats.
///
/// Texts and the names of members are compared by their bytes, members in their order.
public indirect enum StructuredValue: Sendable, Hashable {
    /// No value.
    case null
    /// True or false.
    case boolean(Bool)
    /// A whole number of 64 bits.
    case integer(Int64)
    /// A binary floating-point number.
    case double(Double)
    /// A number as its own digits, where neither 64 bits nor a double keeps it: `0.10`, `1e400`, 40 digits.
    case decimal(String)
    /// A text.
    case string(String)
    /// Bytes.
    case bytes(SharedBytes)
    /// A point in time with its offset.
    case timestamp(Timestamp)
    /// Values in order.
    case array([StructuredValue])
    /// Members in order.
    case object(StructuredObject)
}

extension StructuredValue {
    /// Whether form and value are the same; a text that only looks the same is another one.
    public static func == (left: StructuredValue, right: StructuredValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let left), .boolean(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.double(let left), .double(let right)): left == right
        case (.decimal(let left), .decimal(let right)): left.hasSameBytes(as: right)
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.bytes(let left), .bytes(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// The members of a structured object, in order, each name once.
public struct StructuredObject: Sendable, Hashable {
    /// One member.
    public struct Member: Sendable, Hashable {
        /// The name.
        public var name: String
        /// The value.
        public var value: StructuredValue

        /// A member.
        public init(name: String, value: StructuredValue) {
            self.name = name
            self.value = value
        }

        /// Whether name and value are the same.
        public static func == (left: Member, right: Member) -> Bool {
            left.name.hasSameBytes(as: right.name) && left.value == right.value
        }
    }

    /// The members in order.
    public package(set) var members: [Member]

    /// An object without members.
    public init() { members = [] }

    /// An object of members; of several with one name the last one counts, at the place of the first.
    public init(_ members: some Sequence<(String, StructuredValue)>) {
        self.init()
        var indices: [ExactText: Int] = [:]
        for (name, value) in members {
            if let index = indices[ExactText(name)] {
                self.members[index].value = value
            } else {
                indices[ExactText(name)] = self.members.count
                self.members.append(Member(name: name, value: value))
            }
        }
    }

    /// Wraps members whose names are known to be different.
    package init(unique members: [Member]) { self.members = members }

    /// The place of a member.
    package func index(of name: String) -> Int? { members.firstIndex { $0.name.hasSameBytes(as: name) } }

    /// The value of a member; setting `nil` removes it.
    public subscript(name: String) -> StructuredValue? {
        get { index(of: name).map { members[$0].value } }
        set {
            switch (index(of: name), newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

extension StructuredObject: ExpressibleByDictionaryLiteral {
    /// Members in the order they are written; of several with one name the last one counts.
    public init(dictionaryLiteral elements: (String, StructuredValue)...) { self.init(elements) }
}
