// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension StructuredValue {
    /// The value at a path that means one; `nil` where nothing is.
    func value(at path: FieldPath) -> StructuredValue? {
        var value = self
        for segment in path.segments {
            switch (segment, value) {
            case (.name(let name), .object(let object)):
                guard let member = object[name] else { return nil }
                value = member
            case (.index(let index), .array(let elements)):
                guard let place = Self.place(index, in: elements) else { return nil }
                value = elements[place]
            default:
                return nil
            }
        }
        return value
    }

    /// Whether one of the values at a path is what is asked for.
    func contains(at path: FieldPath, where isWanted: (StructuredValue) -> Bool) -> Bool {
        contains(path.segments[...], isWanted)
    }

    private func contains(_ path: ArraySlice<FieldPath.Segment>, _ isWanted: (StructuredValue) -> Bool) -> Bool {
        guard let each = path.firstIndex(of: .each) else {
            return value(at: FieldPath(segments: Array(path))).map(isWanted) ?? false
        }
        guard case .array(let elements)? = value(at: FieldPath(segments: Array(path[..<each]))) else { return false }
        return elements.contains { $0.contains(path[(each + 1)...], isWanted) }
    }

    private static func place(_ index: Int, in elements: [StructuredValue]) -> Int? {
        // Not magnitude: -Int.min is no Int.
        guard index >= -elements.count, index < elements.count else { return nil }
        return index < 0 ? elements.count + index : index
    }

    /// What the value is, for a message that must not show it.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer, .double, .decimal: "a number"
        case .string: "a text"
        case .bytes: "bytes"
        case .timestamp: "a timestamp"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Changes what is at a path.
struct FieldChange {
    /// Whether objects on the way that are not there are made.
    var creates = false
    /// Gives another value, or none.
    let change: (inout StructuredValue?) throws -> Void

    /// Applies the change to the value at a path; whether there was something to change.
    func apply(to value: inout StructuredValue?, at path: FieldPath) throws -> Bool {
        try apply(&value, path.segments[...])
    }

    private func apply(_ value: inout StructuredValue?, _ path: ArraySlice<FieldPath.Segment>) throws -> Bool {
        guard let segment = path.first else {
            guard creates || value != nil else { return false }
            try change(&value)
            return true
        }
        let rest = path.dropFirst()
        // Taken out, so that nobody else refers to what is changed.
        switch (segment, value.take()) {
        case (.name(let name), .object(var object)):
            defer { value = .object(object) }
            return try apply(to: &object, name, rest)
        case (.name(let name), let nothing) where creates && (nothing ?? .null) == .null:
            var object = StructuredObject()
            let isFound = try apply(to: &object, name, rest)
            value = isFound ? .object(object) : nothing
            return isFound
        case (.index(let index), .array(var elements)):
            defer { value = .array(elements) }
            return try apply(to: &elements, index, rest)
        case (.index(let index), let nothing) where creates && (nothing ?? .null) == .null:
            var elements: [StructuredValue] = []
            let isFound = try apply(to: &elements, index, rest)
            value = isFound ? .array(elements) : nothing
            return isFound
        case (.each, .array(let elements)):
            var changed: [StructuredValue] = []
            changed.reserveCapacity(elements.count)
            var isFound = false
            for element in elements {
                var element = Optional(element)
                if try apply(&element, rest) { isFound = true }
                if let element { changed.append(element) }
            }
            value = .array(changed)
            return isFound
        case (_, let other):
            value = other
            guard creates, segment != .each, let other else { return false }
            throw ConnectorError(.invalidRecord, "\(other.kind) has no field \(segment)")
        }
    }

    private func apply(
        to object: inout StructuredObject,
        _ name: String,
        _ rest: ArraySlice<FieldPath.Segment>
    ) throws -> Bool {
        guard let index = object.index(of: name) else {
            guard creates else { return false }
            var made: StructuredValue?
            defer { if let made { object.members.append(.init(name: name, value: made)) } }
            return try apply(&made, rest)
        }
        var member = Optional(object.members[index].value)
        object.members[index].value = .null
        let isFound = try apply(&member, rest)
        if let member { object.members[index].value = member } else { object.members.remove(at: index) }
        return isFound
    }

    private func apply(
        to elements: inout [StructuredValue],
        _ index: Int,
        _ rest: ArraySlice<FieldPath.Segment>
    ) throws -> Bool {
        let place = index < 0 ? elements.count + index : index
        guard elements.indices.contains(place) else {
            guard creates else { return false }
            guard index == elements.count else {
                throw ConnectorError(
                    .invalidRecord,
                    "an array of \(elements.count) has no element [\(index)]; only the next one can be added"
                )
            }
            var made: StructuredValue?
            defer { if let made { elements.append(made) } }
            return try apply(&made, rest)
        }
        var element = Optional(elements[place])
        elements[place] = .null
        let isFound = try apply(&element, rest)
        if let element { elements[place] = element } else { elements.remove(at: place) }
        return isFound
    }
}
