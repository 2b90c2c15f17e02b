// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A place in a record that functions read or change, as a text that people write.
///
/// | text | place |
/// |---|---|
/// | `id`, `source`, `type`, `subject`, `time`, `datacontenttype`, `dataschema`, `specversion` | an attribute |
/// | `tenant`, `extensions.tenant` | an extension attribute; by the longer name also where the shorter one means something else |
/// | `headers.region`, `headers["x-region.1"]` | the header of that name; of several the last one is read, and setting leaves one |
/// | `key`, `key.tenant` | the key, or a field in it |
/// | `data`, `data.order.items[0].name`, `data.items[-1]`, `data["unit price"]` | the data, or a field in it |
/// | `data.cards[*].number` | that field in each element, where something is changed in place; a condition asks for one that has it |
/// | `timestamp`, `partition`, `offset`, `position` | what the upstream recorded; only the timestamp can be changed |
/// | `headers`, `extensions` | all of them, as an object |
///
/// A `$.` in front is left out, so that `$.data.name` can be written too. Fields in data and key are those of their
/// JSON, whatever the form in which it is held.
public struct RecordField: Sendable, Hashable {
    enum Place: Sendable, Hashable {
        case attribute(AttributeName)
        case header(String)
        case headers
        case extensions
        case key(FieldPath)
        case data(FieldPath)
        case timestamp
        case partition
        case offset
        case position
    }

    let place: Place

    init(_ place: Place) { self.place = place }

    /// Reads a field.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` that says what is wrong with it.
    public init(_ text: String) throws {
        do {
            var parser = FieldPathParser(text.utf8)
            self = try RecordField(&parser)
            guard parser.isAtEnd else {
                throw ConnectorError(.invalidConfiguration, "\"\(parser.rest)\" does not belong to a field")
            }
        } catch let error as ConnectorError {
            throw ConnectorError(.invalidConfiguration, "the field \"\(text)\" cannot be read: \(error.message)")
        }
    }

    /// Reads a field from the beginning of a text.
    init(_ parser: inout FieldPathParser) throws {
        guard var first = parser.name() else {
            throw ConnectorError(.invalidConfiguration, "it has to begin with a name")
        }
        var path = try parser.path()
        if first == "$", case .name(let name)? = path.segments.first {
            first = name
            path.segments.removeFirst()
        }
        place = try Self.place(first, path)
    }

    private static func place(_ first: String, _ path: FieldPath) throws -> Place {
        switch (first, path.segments.first) {
        case ("data", _): return .data(path)
        case ("key", _): return .key(path)
        case ("headers", nil): return .headers
        case ("headers", .name(let name)) where path.segments.count == 1: return .header(name)
        case ("extensions", nil): return .extensions
        case ("extensions", .name(let name)) where path.segments.count == 1:
            let name = try attribute(name)
            guard !name.isCore else { throw unusable("\(name) is no extension; write it without `extensions.`") }
            return .attribute(name)
        case ("headers", _), ("extensions", _):
            throw unusable("one name has to follow; write one with dots as \(first)[\"a.name\"]")
        case (_, .some):
            throw unusable("only data, key, headers and extensions have fields in them")
        case ("timestamp", nil): return .timestamp
        case ("partition", nil): return .partition
        case ("offset", nil): return .offset
        case ("position", nil): return .position
        case (_, nil): return .attribute(try attribute(first))
        }
    }

    private static func attribute(_ name: String) throws -> AttributeName {
        do {
            return try AttributeName(name)
        } catch {
            throw unusable(
                "it is neither an attribute nor one of data, key, headers, extensions, timestamp, partition, offset "
                    + "and position; fields of the data begin with `data.`"
            )
        }
    }

    private static func unusable(_ message: String) -> ConnectorError {
        ConnectorError(.invalidConfiguration, message)
    }

    /// Whether it can mean several places.
    var isAmbiguous: Bool {
        switch place {
        case .data(let path), .key(let path): path.isAmbiguous
        default: false
        }
    }

    /// Whether a function can change it.
    var isWritable: Bool {
        switch place {
        case .partition, .offset, .position, .attribute(.specVersion): false
        default: true
        }
    }

    /// What the whole of which it is a part is called: the data, the key, or the field itself.
    var root: RecordField {
        switch place {
        case .data: RecordField(.data(.whole))
        case .key: RecordField(.key(.whole))
        default: self
        }
    }

    /// A member of what the field holds, where that is an object.
    func member(_ name: String) throws -> RecordField {
        switch place {
        case .data(var path):
            path.segments.append(.name(name))
            return RecordField(.data(path))
        case .key(var path):
            path.segments.append(.name(name))
            return RecordField(.key(path))
        case .headers: return RecordField(.header(name))
        case .extensions: return RecordField(.attribute(try Self.attribute(name)))
        default: throw Self.unusable("\(self) has no fields in it")
        }
    }
}

extension RecordField: ExpressibleByStringLiteral {
    /// A field written in the source code.
    ///
    /// - Precondition: it can be read.
    public init(stringLiteral text: StaticString) {
        do {
            self = try RecordField(text.description)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}

extension RecordField: CustomStringConvertible {
    /// The shortest text that the field is read from.
    public var description: String {
        switch place {
        case .attribute(let name):
            Self.reserved.contains(name.string) ? "extensions.\(name)" : name.string
        case .header(let name): "headers" + FieldPath.Segment.name(name).description
        case .headers: "headers"
        case .extensions: "extensions"
        case .key(let path): "key\(path)"
        case .data(let path): "data\(path)"
        case .timestamp: "timestamp"
        case .partition: "partition"
        case .offset: "offset"
        case .position: "position"
        }
    }

    private static let reserved: Set<String> = [
        "key", "headers", "extensions", "timestamp", "partition", "offset", "position",
    ]
}
