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
            guard let id = element.bytes.flatMap({ EntryID($0) }) else { continue }
            guard streams[index].note(id) else {
                tell(givenUp: id, of: index)
                continue
            }
            streams[index].giveUp(id, rejecting: options.deleted == .rejected)
            tell(deleted: id, of: index)
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
            guard pair.count == 2, let name = pair[0].text,
                let index = streams.firstIndex(where: { $0.name.hasSameBytes(as: name) })
            else { throw Self.strange("XREADGROUP") }
            newest[index] = try add(entries: pair[1], to: index)
        }
        return newest
    }

    /// - Returns: the last entry.
    private func add(entries: RedisReply, to index: Int) throws -> EntryID? {
        let taken = try streams[index].take(entries, decoder, rejectingDeleted: options.deleted == .rejected)
        for id in taken.deleted { tell(deleted: id, of: index) }
        let (records, size) = (streams[index].entries.records.count, streams[index].entries.size)
        if records > 0 { usualSize = max(1, size / records) }
        return taken.last
    }

    private func tell(deleted id: EntryID, of index: Int) {
        let message = streams[index].deletion(of: id)
        tell(ConnectorEvent(.warning, message, attributes: ["group": group.name, "stream": streams[index].name]))
    }

    private func tell(givenUp id: EntryID, of index: Int) {
        let name = streams[index].name
        let message =
            "the entry \(id) of the stream '\(name)' was deleted or trimmed while its record is on its way, and is pending no "
            + "longer: if this process ends before that is committed, nothing else tells of it; keep more entries"
        tell(ConnectorEvent(.warning, message, attributes: ["group": group.name, "stream": name]))
    }

    private static func strange(_ what: String) -> ConnectorError {
        ConnectorError(.fatal, "the server's answer to \(what) has another form than Redis 6.2 and later give it")
    }
}
