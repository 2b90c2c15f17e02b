// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// An upstream that deletes what is committed: a wrong commit becomes a gap that the next reader cannot overlook.
public final class PruningUpstream: Sendable {
    private struct State {
        var first: Int64 = 0
        var entries: [String]
    }

    private let state: Mutex<State>

    /// An upstream that holds entries.
    public init(_ entries: [String]) {
        state = Mutex(State(entries: entries))
    }

    /// Adds entries. A reader that has come to the end does not see them any more.
    public func append(_ entries: [String]) { state.withLock { $0.entries += entries } }

    /// How many entries are left.
    public var remaining: Int { state.withLock(\.entries.count) }

    /// The entries from a number on; throws where they are pruned already.
    fileprivate func read(from next: Int64, atMost count: Int) throws -> ArraySlice<String> {
        try state.withLock { state in
            guard next >= state.first else {
                throw ConnectorError(.corruptOffsets, "entry \(next) is pruned: the oldest one left is \(state.first)")
            }
            return state.entries.dropFirst(Int(next - state.first)).prefix(count)
        }
    }

    fileprivate func prune(through last: Int64) {
        state.withLock { state in
            let count = max(0, Int(last + 1 - state.first))
            state.entries.removeFirst(min(count, state.entries.count))
            state.first += Int64(count)
        }
    }

    /// A source that reads the upstream to its end and prunes what is committed.
    public actor Reader: CommittingSource {
        private let upstream: PruningUpstream
        private var next: Int64 = 0

        /// A reader of an upstream.
        public init(_ upstream: PruningUpstream) {
            self.upstream = upstream
        }

        public func start(_ context: ConnectorContext) async throws {
            next = try await context.offset(of: .single)?.followingSequence() ?? 0
        }

        public func poll(_ request: PollRequest) async throws -> SourceBatch {
            var room = PollRoom(request)
            let entries = try upstream.read(from: next, atMost: request.maxRecords).prefix { room.takes($0) }
            let first = next
            next += Int64(entries.count)
            let records = entries.enumerated().map { index, entry in
                ConnectorRecord(.text(entry), offset: RecordOffset(first + Int64(index)))
            }
            return SourceBatch(records, isEnd: records.isEmpty)
        }

        public func commit(_ positions: [RecordPosition]) async throws {
            for position in positions {
                if let sequence = position.offset.sequence { upstream.prune(through: sequence) }
            }
        }
    }
}
