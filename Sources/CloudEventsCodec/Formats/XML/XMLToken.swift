// SPDX-License-Identifier: Apache-2.0

/// One step through an XML document. Ranges count bytes from the beginning of the input.
package enum XMLToken: Equatable {
    /// A start tag or an empty element's tag; its attributes are in ``XMLReader/attributes`` until the next step.
    case startElement(XMLName)
    /// An end tag; also comes behind an empty element's tag.
    case endElement
    /// A stretch of character data, or a CDATA section. Those that follow one another are one text.
    case text(XMLText)
    case comment
    case processingInstruction
    /// The document is over, and was well-formed.
    case end
}

/// A qualified name and the namespace it was found to be in.
package struct XMLName: Equatable {
    /// Where the name lies, its prefix included.
    package let range: Range<Int>
    /// Where its local part begins.
    package let localStart: Int
    package internal(set) var namespace = XMLNamespace.none

    package var local: Range<Int> { localStart..<range.upperBound }

    /// The prefix without the colon; empty where there is none.
    package var prefix: Range<Int> { range.lowerBound..<Swift.max(range.lowerBound, localStart - 1) }
}

/// Where a text lies in the input. It is well-formed: only characters of XML, only references that mean something.
package struct XMLText: Equatable {
    package enum Kind: Equatable {
        case characters, cdata, attributeValue
    }

    package let range: Range<Int>
    package let kind: Kind
    /// Whether there are references, or line ends or white space to normalize: the bytes are not the text's own.
    package let needsDecoding: Bool
}

/// An attribute of a start tag, no namespace declaration.
package struct XMLAttribute: Equatable {
    package internal(set) var name: XMLName
    package let value: XMLText
}

/// A namespace: one of those this library knows by name, or another. Two are equal when their names are, as long as
/// both are in scope.
package struct XMLNamespace: Equatable {
    let id: Int

    /// No namespace.
    package static let none = XMLNamespace(id: 0)
    /// The namespace of the prefix `xml`.
    package static let xml = XMLNamespace(id: 1)
    /// The namespace of the prefix `xmlns`, which nothing can be in.
    static let xmlns = XMLNamespace(id: 2)
    /// `http://cloudevents.io/xmlformat/V1` (X1)
    package static let cloudEvents = XMLNamespace(id: 3)
    /// The namespace of `xsi:type`.
    package static let schemaInstance = XMLNamespace(id: 4)
    /// The namespace of `xs:string`.
    package static let schema = XMLNamespace(id: 5)

    static let firstOther = 16

    /// The known namespace of a name.
    init?(known name: UnsafeRawBufferPointer) {
        switch name.count {
        case 0: self = .none
        case 36 where equal(name, "http://www.w3.org/XML/1998/namespace"): self = .xml
        case 29 where equal(name, "http://www.w3.org/2000/xmlns/"): self = .xmlns
        case 34 where equal(name, "http://cloudevents.io/xmlformat/V1"): self = .cloudEvents
        case 41 where equal(name, "http://www.w3.org/2001/XMLSchema-instance"): self = .schemaInstance
        case 32 where equal(name, "http://www.w3.org/2001/XMLSchema"): self = .schema
        default: return nil
        }
    }

    init(id: Int) {
        self.id = id
    }
}
