// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import NIOCore

/// Cuts what a server sends into replies (RESP2), and goes on in the middle of one when more has come.
struct ReplyParser {
    /// What no server says.
    struct Flaw: Error, CustomStringConvertible {
        let description: String
    }

    static let longestLine = 1 << 20
    static let longestText = 512 << 20
    static let longestReplies = 1 << 31
    static let deepestNesting = 32

    private var buffer = ByteBuffer()
    private var nodes: [RedisReplies.Node] = []
    private var roots: [Int] = []
    /// The arrays that are not complete, and how many elements each lacks.
    private var open: [(node: Int, missing: Int)] = []
    /// How much of the buffer was understood.
    private var position = 0

    /// Whether there is nothing that was not taken.
    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Takes more of what the server sent.
    mutating func append(_ bytes: inout ByteBuffer) {
        if isEmpty { buffer = bytes } else { buffer.writeBuffer(&bytes) }
    }

    /// The next replies, once all of them are complete.
    mutating func next(_ count: Int) throws(Flaw) -> RedisReplies? {
        while roots.count < count {
            guard try step() else {
                guard buffer.readableBytes <= Self.longestReplies else {
                    throw Flaw(description: "replies without end")
                }
                return nil
            }
        }
        let length = position
        let bytes = buffer.readWithUnsafeReadableBytes { all in
            (length, SharedBytes(copying: UnsafeRawBufferPointer(rebasing: all[..<length])))
        }
        let replies = RedisReplies(bytes: bytes, nodes: nodes, roots: roots)
        nodes = []
        roots = []
        position = 0
        if isEmpty { buffer.clear(minimumCapacity: 0) } else { buffer.discardReadBytes() }
        nodes.reserveCapacity(replies.nodes.count)
        return replies
    }

    /// Understands one node, or says that bytes are missing.
    private mutating func step() throws(Flaw) -> Bool {
        let found = buffer.withUnsafeReadableBytes { Self.node(in: $0, at: position) }
        switch found {
        case .incomplete: return false
        case .flaw(let words): throw Flaw(description: words)
        case .node(let node, let end):
            position = end
            try add(node)
            return true
        }
    }

    private mutating func add(_ node: RedisReplies.Node) throws(Flaw) {
        var node = node
        let index = nodes.count
        node.end = index + 1
        nodes.append(node)
        if node.kind == .array, node.count > 0 {
            guard open.count < Self.deepestNesting else { throw Flaw(description: "arrays nested too deep") }
            open.append((index, node.count))
            return
        }
        while let last = open.indices.last {
            open[last].missing -= 1
            guard open[last].missing == 0 else { return }
            nodes[open[last].node].end = nodes.count
            open.removeLast()
        }
        // The outermost node is the first of its reply.
        roots.append(roots.last.map { nodes[$0].end } ?? 0)
    }
}

extension ReplyParser {
    private enum Found {
        case incomplete
        case flaw(String)
        case node(RedisReplies.Node, end: Int)
    }

    private static func node(in bytes: UnsafeRawBufferPointer, at position: Int) -> Found {
        guard position < bytes.count else { return .incomplete }
        guard let lineEnd = lineEnd(in: bytes, from: position + 1) else {
            return bytes.count - position > longestLine ? .flaw("a line without end") : .incomplete
        }
        let next = lineEnd + 2
        let start = position + 1
        switch bytes[position] {
        case UInt8(ascii: "+"):
            return .node(.init(kind: .text, start: start, count: lineEnd - start, end: 0), end: next)
        case UInt8(ascii: "-"):
            return .node(.init(kind: .error, start: start, count: lineEnd - start, end: 0), end: next)
        case UInt8(ascii: ":"):
            guard let number = number(in: bytes, start..<lineEnd) else { return .flaw("a number that is none") }
            return .node(.init(kind: .integer, start: number, count: 0, end: 0), end: next)
        case UInt8(ascii: "$"):
            return text(in: bytes, number(in: bytes, start..<lineEnd), from: next)
        case UInt8(ascii: "*"):
            guard let count = number(in: bytes, start..<lineEnd), (-1...Int(Int32.max)).contains(count) else {
                return .flaw("an array of an impossible size")
            }
            let kind = count < 0 ? RedisReplies.Node.Kind.null : .array
            return .node(.init(kind: kind, start: 0, count: max(count, 0), end: 0), end: next)
        default:
            return .flaw("a reply of a kind that RESP2 does not have")
        }
    }

    private static func text(in bytes: UnsafeRawBufferPointer, _ count: Int?, from start: Int) -> Found {
        guard let count, (-1...longestText).contains(count) else { return .flaw("a text of an impossible size") }
        if count < 0 { return .node(.init(kind: .null, start: 0, count: 0, end: 0), end: start) }
        let end = start + count
        guard end + 2 <= bytes.count else { return .incomplete }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
            return .flaw("a text that does not end where it should")
        }
        return .node(.init(kind: .text, start: start, count: count, end: 0), end: end + 2)
    }

    private static func lineEnd(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") { return index }
            index += 1
        }
        return nil
    }

    private static func number(in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var rest = range
        let isNegative = !rest.isEmpty && bytes[rest.lowerBound] == UInt8(ascii: "-")
        if isNegative { rest = rest.lowerBound + 1..<rest.upperBound }
        // Nineteen digits may not fit; a server's numbers rarely have so many.
        guard !rest.isEmpty, rest.count <= 19 else { return nil }
        var number = 0
        for index in rest {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(digit))
            guard !overflows, !overflow else { return nil }
            number = sum
        }
        return isNegative ? -number : number
    }
}
