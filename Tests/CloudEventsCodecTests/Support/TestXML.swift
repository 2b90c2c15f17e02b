// SPDX-License-Identifier: Apache-2.0

import EventTestSupport

@testable import CloudEventsCodec

/// An XML element for comparing: names with their namespaces, attributes without order, texts joined, no comments.
struct TestXML: Equatable {
    /// `{namespace}local`, or `local`.
    var name = ""
    var attributes: [String: String] = [:]
    var children: [Node] = []

    enum Node: Equatable {
        case element(TestXML)
        case text(String)
    }

    init(_ text: String, depth: Int = 128) throws {
        try self.init(SharedBytes(utf8: text), depth: depth)
    }

    /// Reads a whole document; it keeps its own stack, as the reader does.
    init(_ bytes: SharedBytes, depth: Int = 128) throws {
        defer { withExtendedLifetime(bytes) {} }
        var reader = XMLReader(bytes.unsafeBytes, maximumDepth: depth)
        var open: [TestXML] = [TestXML()]
        while true {
            switch try reader.next() {
            case .startElement(let name):
                var element = TestXML()
                element.name = reader.expanded(name)
                for attribute in reader.attributes {
                    element.attributes[reader.expanded(attribute.name)] = reader.string(attribute.value)
                }
                open.append(element)
            case .endElement:
                let element = open.removeLast()
                open[open.count - 1].children.append(.element(element))
            case .text(let text): open[open.count - 1].append(reader.string(text))
            case .comment, .processingInstruction: break
            case .end:
                guard case .element(let root) = open[0].children.first else { throw VectorMismatch("no element") }
                self = root
                return
            }
        }
    }

    private init() {}

    private mutating func append(_ text: String) {
        guard !text.isEmpty else { return }
        if case .text(let before) = children.last {
            children[children.count - 1] = .text(before + text)
        } else {
            children.append(.text(text))
        }
    }

    /// The text of an element without children.
    var text: String {
        children.map { if case .text(let text) = $0 { text } else { "<>" } }.joined()
    }
}

extension XMLReader {
    func string(_ text: XMLText) -> String {
        bytes.withDecoded(text) { String(decoding: $0, as: UTF8.self) }
    }

    func expanded(_ name: XMLName) -> String {
        let local = String(decoding: bytes.part(name.local), as: UTF8.self)
        guard name.namespace != .none else { return local }
        if name.namespace == .xml { return "{http://www.w3.org/XML/1998/namespace}" + local }
        let declaration = namespaces.declarations.last { $0.namespace == name.namespace }
        return "{" + (declaration.map { string($0.value) } ?? "?") + "}" + local
    }
}
