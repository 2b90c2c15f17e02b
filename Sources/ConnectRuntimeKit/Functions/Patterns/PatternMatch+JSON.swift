// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension PatternMatch {
    /// Matches the text of a JSON value. Gives `false` where it is none, of which nothing is noted.
    @discardableResult
    func json(_ text: SharedBytes, at node: PatternProgram.Node) -> Bool {
        text.withUnsafeBytes { bytes in
            var matcher = JSONPatternMatcher(self, bytes)
            do throws(CloudEventError) {
                try matcher.text(at: node)
                return true
            } catch {
                begin(node.tests)
                return false
            }
        }
    }
}

/// Goes once over a JSON text. It recurs no deeper than the reader allows.
private struct JSONPatternMatcher {
    private let match: PatternMatch
    /// The text, apart from the reader: looking at the reader while it is changed elsewhere would copy it.
    private let bytes: UnsafeRawBufferPointer
    private var reader: JSONReader

    init(_ match: PatternMatch, _ bytes: UnsafeRawBufferPointer) {
        self.match = match
        self.bytes = bytes
        reader = JSONReader(bytes, maximumDepth: StructuredValue.maximumDepth)
    }

    mutating func text(at node: PatternProgram.Node) throws(CloudEventError) {
        try value(reader.next(), at: node)
        _ = try reader.next()
    }

    private mutating func value(_ token: JSONToken, at node: PatternProgram.Node) throws(CloudEventError) {
        switch token {
        case .beginObject: try object(node)
        case .beginArray: try array(node)
        case .string(let string): self.string(string, at: node)
        case .number(let number):
            match.scalar(.number(UnsafeRawBufferPointer(rebasing: bytes[number.range])), at: node)
        case .boolean(let value): match.scalar(.boolean(value), at: node)
        case .null: match.scalar(.null, at: node)
        // Where a value is due the reader gives no name and no end.
        case .endObject, .endArray, .name, .end: break
        }
    }

    private mutating func string(_ string: JSONString, at node: PatternProgram.Node) {
        if string.hasEscapes {
            reader.withUTF8(string) { match.scalar(.text($0), at: node) }
        } else {
            match.scalar(.text(UnsafeRawBufferPointer(rebasing: bytes[string.range])), at: node)
        }
    }

    private mutating func object(_ node: PatternProgram.Node) throws(CloudEventError) {
        guard node.hasFormulas else { return try skipRest() }
        match.missChildren(of: node)
        while case .name(let name) = try reader.next() {
            if let child = child(of: node, named: name) {
                let child = match.program.nodes[child]
                match.begin(child.tests)
                try value(reader.next(), at: child)
            } else {
                _ = try reader.skipValue()
            }
        }
        match.endObject(node)
    }

    @inline(__always)
    private func child(of node: PatternProgram.Node, named name: JSONString) -> Int32? {
        if !name.hasEscapes {
            return match.program.child(of: node, named: UnsafeRawBufferPointer(rebasing: bytes[name.range]))
        }
        var child: Int32?
        reader.withUTF8(name) { child = match.program.child(of: node, named: $0) }
        return child
    }

    private mutating func array(_ node: PatternProgram.Node) throws(CloudEventError) {
        var isEmpty = true
        while true {
            let token = try reader.next()
            if case .endArray = token { break }
            isEmpty = false
            try value(token, at: node)
        }
        if isEmpty { match.endWithoutMembers(node) }
    }

    /// Skips the rest of an object that has just begun.
    private mutating func skipRest() throws(CloudEventError) {
        let outside = reader.depth - 1
        while reader.depth > outside { _ = try reader.next() }
    }
}
