// SPDX-License-Identifier: Apache-2.0

package import CloudEventsCodec

/// The replies to commands that were sent together: the bytes as they came, and an index of what lies where.
///
/// Nothing is made for each value; a value that is taken out shares the bytes.
package struct RedisReplies: Sendable {
    /// A value, or the head of an array; the elements of an array follow it.
    package struct Node: Sendable {
        package enum Kind: UInt8, Sendable { case text, error, integer, array, null }

        package var kind: Kind
        /// Where its bytes begin; of an integer, the number.
        package var start: Int
        /// How many bytes, or elements, it has.
        package var count: Int
        /// The index of the node behind it and all of its elements.
        package var end: Int
    }

    package let bytes: SharedBytes
    package let nodes: [Node]
    /// The index of each reply's node.
    package let roots: [Int]

    package var count: Int { roots.count }

    package subscript(index: Int) -> RedisReply { RedisReply(replies: self, index: roots[index]) }

    /// The bytes of a text at a node.
    package func bytes(at index: Int) -> SharedBytes? {
        let node = nodes[index]
        return node.kind == .text ? bytes.slice(node.start..<node.start + node.count) : nil
    }

    /// The first reply that is an error.
    package var firstError: ServerError? {
        for index in roots where nodes[index].kind == .error { return RedisReply(replies: self, index: index).error }
        return nil
    }

    /// The one reply to one command.
    ///
    /// - Throws: ``ServerError`` where that is an error.
    package func single() throws -> RedisReply {
        if let error = firstError { throw error }
        return self[0]
    }
}

/// One reply, or a part of it.
package struct RedisReply: Sendable {
    package let replies: RedisReplies
    package let index: Int

    private var node: RedisReplies.Node { replies.nodes[index] }

    package var isNull: Bool { node.kind == .null }
    package var isArray: Bool { node.kind == .array }
    package var bytes: SharedBytes? { replies.bytes(at: index) }
    package var text: String? { bytes.map { String(decodingUTF8: $0) } }

    /// The number, also where it came as text.
    package var integer: Int? { node.kind == .integer ? node.start : text.flatMap { Int($0) } }

    package var error: ServerError? {
        guard node.kind == .error else { return nil }
        let bytes = replies.bytes.slice(node.start..<node.start + node.count)
        return ServerError(String(decodingUTF8: bytes))
    }

    /// The elements of an array; none of anything else.
    package var elements: [RedisReply] {
        guard node.kind == .array else { return [] }
        var elements: [RedisReply] = []
        elements.reserveCapacity(node.count)
        var next = index + 1
        while next < node.end {
            elements.append(RedisReply(replies: replies, index: next))
            next = replies.nodes[next].end
        }
        return elements
    }

    /// The elements in pairs, as those of a hash come.
    package var pairs: [(RedisReply, RedisReply)] {
        let elements = elements
        return stride(from: 0, to: elements.count - 1, by: 2).map { (elements[$0], elements[$0 + 1]) }
    }

    /// The member of a hash.
    package subscript(name: String) -> RedisReply? { pairs.first { $0.0.bytes == SharedBytes(utf8: name) }?.1 }
}
