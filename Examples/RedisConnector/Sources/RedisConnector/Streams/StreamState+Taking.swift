// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What came of the entries of a reply.
struct TakenEntries {
    /// The last one.
    var last: EntryID?
    /// Those that have no data any more.
    var deleted: [EntryID] = []
}

extension StreamState {
    /// Takes the entries in a reply, except those that it has.
    mutating func take(
        _ list: RedisReply,
        _ decoder: EntryDecoder,
        rejectingDeleted isRejecting: Bool
    ) throws -> TakenEntries {
        let replies = list.replies
        let head = replies.nodes[list.index]
        guard head.kind == .array else { throw Self.strange }
        entries.reserve(head.count)
        var taken = TakenEntries()
        var next = list.index + 1
        while next < head.end {
            let entry = replies.nodes[next]
            let fields = next + 2
            defer { next = entry.end }
            // Redis before 7 leaves a hole where it takes over an entry that was deleted.
            if entry.kind == .null { continue }
            guard entry.kind == .array, entry.count == 2, let id = replies.bytes(at: next + 1).flatMap({ EntryID($0) })
            else { throw Self.strange }
            taken.last = id
            guard note(id) else { continue }
            if replies.nodes[fields].kind == .array {
                add(id, replies, fields, decoder)
            } else {
                giveUp(id, rejecting: isRejecting)
                taken.deleted.append(id)
            }
        }
        return taken
    }

    private mutating func add(_ id: EntryID, _ replies: RedisReplies, _ fields: Int, _ decoder: EntryDecoder) {
        do {
            let record = try decoder.record(in: replies, at: fields, id, partition)
            entries.add(record, size: Self.size(replies, fields))
        } catch {
            let flaw =
                error as? ConnectorError
                ?? ConnectorError(.invalidRecord, "the entry cannot become a record", cause: error)
            entries.reject(id, of: partition, flaw, Self.text(of: replies, fields))
        }
    }

    /// Notes that an entry has no data any more.
    mutating func giveUp(_ id: EntryID, rejecting isRejecting: Bool) {
        guard isRejecting else { return entries.skip(id, of: partition) }
        let advice = "; keep more entries (MAXLEN of who writes the stream), or set deleted to skip"
        entries.reject(id, of: partition, ConnectorError(.invalidRecord, deletion(of: id) + advice), SharedBytes())
    }

    /// What there is to say of an entry that has no data any more.
    func deletion(of id: EntryID) -> String {
        "the entry \(id) of the stream '\(name)' was deleted or trimmed before it was committed: its data is gone"
    }

    /// How many bytes the values of an entry have.
    private static func size(_ replies: RedisReplies, _ fields: Int) -> Int {
        var size = 0
        for index in fields + 1..<replies.nodes[fields].end where replies.nodes[index].kind == .text {
            size += replies.nodes[index].count
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

    private static var strange: ConnectorError {
        ConnectorError(.fatal, "the server's entries have another form than Redis 6.2 and later give them")
    }
}
