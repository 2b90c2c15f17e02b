// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What a source knows of one of its streams.
struct StreamState {
    let name: String
    let partition: RecordPartition
    /// Read and not returned yet.
    var entries = StreamEntries()
    /// Read and not committed, in the order in which they were read.
    private(set) var uncommitted: [EntryID] = []
    private var committedCount = 0
    /// The newest of this consumer's own pending entries that were read again; `nil` once all of them were.
    private(set) var replay: EntryID?
    /// What was read before the replay began, or by a reply that came since, and is not to be read twice.
    private var replayKnown: Set<EntryID> = []
    /// Where the search for entries of dead consumers goes on; `nil` while it rests.
    private(set) var claimCursor: String?
    private var claimKnown: Set<EntryID> = []

    init(_ name: String) {
        self.name = name
        partition = RecordPartition(name)
    }

    /// What is read and not committed.
    var held: Set<EntryID> { Set(uncommitted[committedCount...]) }

    /// Has the own pending entries read again, as after a start, or a connection that was lost with replies on it.
    mutating func beginReplay() {
        replay = .zero
        replayKnown = held
    }

    /// Notes how far the replay is: behind an entry, or at its end.
    mutating func advanceReplay(to id: EntryID?) {
        replay = id
        if id == nil { replayKnown = [] }
    }

    /// Notes how far the search for entries of dead consumers is: at a cursor, or at its end.
    mutating func advanceClaiming(to cursor: String?) {
        if claimCursor == nil, cursor != nil { claimKnown = held }
        if cursor == nil { claimKnown = [] }
        claimCursor = cursor
    }

    /// Notes that an entry was read.
    ///
    /// - Returns: whether it is a new one.
    mutating func note(_ id: EntryID) -> Bool {
        if replayKnown.contains(id) || claimKnown.contains(id) { return false }
        if replay != nil { replayKnown.insert(id) }
        uncommitted.append(id)
        return true
    }

    /// The entries up to the one at an offset; none where that was committed before.
    func committable(_ offset: RecordOffset) -> ArraySlice<EntryID> {
        let rest = uncommitted[committedCount...]
        guard let id = EntryID(offset), let index = rest.firstIndex(of: id) else { return [] }
        return rest[...index]
    }

    /// Notes that the first entries are committed.
    mutating func commit(_ count: Int) {
        committedCount += count
        guard committedCount > 1024, committedCount > uncommitted.count / 2 else { return }
        uncommitted.removeFirst(committedCount)
        committedCount = 0
    }
}
