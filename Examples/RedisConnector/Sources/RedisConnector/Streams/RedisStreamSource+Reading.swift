// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension RedisStreamSource {
    /// Reads entries that no consumer was given before.
    func readNew(_ free: [Int], _ count: Int, waiting wait: Duration, _ connection: RedisConnection) async throws {
        let commands = group.reading(free.map { (streams[$0].name, ">") }, count, blocking: wait)
        let reply = try await connection.run(commands, waiting: wait).single()
        _ = try add(reply)
    }

    /// Reads this consumer's own pending entries again, in their order.
    func replay(_ replays: [Int], _ count: Int, _ connection: RedisConnection) async throws {
        let places = replays.map { (streams[$0].name, (streams[$0].replay ?? .zero).description) }
        let reply = try await connection.run(group.reading(places, count)).single()
        let newest = try add(reply)
        for index in replays { streams[index].advanceReplay(to: newest[index]) }
    }

    /// Takes over what other consumers left.
    func claim(
        _ index: Int,
        _ count: Int,
        _ connection: RedisConnection,
        _ context: ConnectorContext
    ) async throws {
        let stream = streams[index]
        let command = group.claiming(stream.name, from: stream.claimCursor ?? "0-0", count, options.claimIdle ?? .zero)
        let reply = try await connection.run(RedisCommands(command)).single().elements
        guard reply.count >= 2, let cursor = reply[0].text else { throw Self.strange("XAUTOCLAIM") }
        let before = streams[index].entries.records.count
        _ = try add(entries: reply[1], to: index)
        // The server has given up these by itself.
        for element in reply.count > 2 ? reply[2].elements : [] {
            if let id = element.bytes.flatMap({ EntryID($0) }), streams[index].note(id) {
                reject(deleted: id, of: index)
            }
        }
        let taken = streams[index].entries.records.count - before
        if taken > 0 {
            let message = "took over \(taken) entries of the stream '\(stream.name)' that other consumers left"
            tell(ConnectorEvent(.info, message, attributes: ["group": group.name, "consumer": group.consumer]))
        }
        streams[index].advanceClaiming(to: cursor == "0-0" ? nil : cursor)
    }

    /// Takes what a reply of XREADGROUP holds.
    ///
    /// - Returns: the last entry of each stream in it.
    private func add(_ reply: RedisReply) throws -> [Int: EntryID] {
        var newest: [Int: EntryID] = [:]
        for part in reply.elements {
            let pair = part.elements
            guard pair.count == 2, let name = pair[0].text, let index = streams.firstIndex(where: { $0.name == name })
            else { throw Self.strange("XREADGROUP") }
            newest[index] = try add(entries: pair[1], to: index)
        }
        return newest
    }

    /// - Returns: the last entry.
    private func add(entries: RedisReply, to index: Int) throws -> EntryID? {
        let replies = entries.replies
        let list = replies.nodes[entries.index]
        guard list.kind == .array else { throw Self.strange("a stream") }
        streams[index].entries.reserve(list.count)
        var last: EntryID?
        var next = entries.index + 1
        while next < list.end {
            let entry = replies.nodes[next]
            guard entry.kind == .array, entry.count == 2, let id = replies.bytes(at: next + 1).flatMap({ EntryID($0) })
            else {
                // Redis before 7 leaves a hole where it takes over an entry that was deleted.
                guard entry.kind == .null else { throw Self.strange("a stream") }
                next = entry.end
                continue
            }
            last = id
            if streams[index].note(id) { add(id, replies, at: next + 2, to: index) }
            next = entry.end
        }
        let (records, size) = (streams[index].entries.records.count, streams[index].entries.size)
        if records > 0 { usualSize = max(1, size / records) }
        return last
    }

    private func add(_ id: EntryID, _ replies: RedisReplies, at fields: Int, to index: Int) {
        guard replies.nodes[fields].kind == .array else { return reject(deleted: id, of: index) }
        let partition = streams[index].partition
        do {
            let record = try decoder.record(in: replies, at: fields, id, partition)
            streams[index].entries.add(record, size: Self.size(replies, fields))
        } catch {
            let flaw =
                error as? ConnectorError
                ?? ConnectorError(.invalidRecord, "the entry cannot become a record", cause: error)
            streams[index].entries.reject(id, of: partition, flaw, Self.text(of: replies, fields))
        }
    }

    private func reject(deleted id: EntryID, of index: Int) {
        let stream = streams[index]
        let message =
            "the entry \(id) of the stream '\(stream.name)' was deleted or trimmed before it was committed: its data is gone"
        tell(ConnectorEvent(.warning, message, attributes: ["group": group.name, "stream": stream.name]))
        guard options.deleted == .rejected else { return streams[index].entries.skip(id, of: stream.partition) }
        let error = ConnectorError(
            .invalidRecord,
            message + "; keep more entries (MAXLEN of who writes the stream), or set deleted to skip"
        )
        streams[index].entries.reject(id, of: stream.partition, error, SharedBytes())
    }

    /// How many bytes the values of an entry have.
    private static func size(_ replies: RedisReplies, _ fields: Int) -> Int {
        var size = 0
        for node in replies.nodes[fields + 1..<replies.nodes[fields].end] where node.kind == .text {
            size += node.count
        }
        return size
    }

    /// What an entry holds, field by field, each `name: value` on a line of its own.
    private static func text(of replies: RedisReplies, _ fields: Int) -> SharedBytes {
        var text: [UInt8] = []
        for (name, value) in RedisReply(replies: replies, index: fields).pairs {
            text += Array(name.bytes ?? SharedBytes()) + Array(": ".utf8)
            text += Array(value.bytes ?? SharedBytes()) + Array("\n".utf8)
        }
        return SharedBytes(text)
    }

    private static func strange(_ what: String) -> ConnectorError {
        ConnectorError(.fatal, "the server's answer to \(what) has another form than Redis 6.2 and later give it")
    }
}
