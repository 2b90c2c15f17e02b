// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The system behind the model sources: logs that grow, and what it has been told about them.
final class ModelUpstream: Sendable {
    enum Entry: Sendable, Equatable { case item(String), bad }

    struct State: Sendable {
        var logs: [[Entry]]
        var isReachable = true
        var isFinished = false
        var committed: [Int: Int] = [:]
        var outcomes: [String: RecordOutcome] = [:]
        /// The partitions that the one member owns, and those that it should.
        var owned: Set<Int> = []
        var wanted: Set<Int>
        /// Entries of a queue that were delivered and not acknowledged, by their tokens.
        var unacknowledged: [Int: Entry] = [:]
        var lastToken = 0
        /// Entries that a destructive read has taken away for good.
        var gone: [Int: Set<Int>] = [:]
        /// What a flawed connector leaves behind, to be tidied up.
        var descriptors: [Int32] = []
        var tasks: [Task<Void, Never>] = []
    }

    let state: Mutex<State>
    /// Held by calls that never return; opened when the check is over.
    let forever = Gate()

    init(partitions: Int = 2) {
        state = Mutex(State(logs: Array(repeating: [], count: partitions), wanted: Set(0..<partitions)))
    }

    func write(_ items: [String], _ partition: Int) {
        state.withLock { $0.logs[partition] += items.map { .item($0) } }
    }

    func entry(_ partition: Int, _ number: Int) -> Entry? {
        state.withLock { state in
            state.logs[partition].indices.contains(number) ? state.logs[partition][number] : nil
        }
    }

    func openDescriptor() {
        let descriptor = open("/dev/null", O_RDONLY)
        state.withLock { $0.descriptors.append(descriptor) }
    }

    func tidyUp() {
        forever.open()
        let (descriptors, tasks) = state.withLock { ($0.descriptors, $0.tasks) }
        for descriptor in descriptors { close(descriptor) }
        for task in tasks { task.cancel() }
    }

    /// The subject of a source that reads the logs.
    func subject(_ makeSource: @escaping @Sendable () async throws -> any Source) -> SourceSubject {
        let count = state.withLock(\.logs.count)
        var subject = SourceSubject(
            partitionCount: count,
            makeSource: makeSource,
            write: { self.write($0, $1) }
        )
        subject.finish = { self.state.withLock { $0.isFinished = true } }
        subject.setReachable = { isReachable in self.state.withLock { $0.isReachable = isReachable } }
        subject.writeBadInput = { self.state.withLock { $0.logs[0].append(.bad) } }
        subject.outcomes = { self.state.withLock(\.outcomes) }
        subject.takeAway = { partition in self.state.withLock { _ = $0.wanted.remove(partition) } }
        subject.expel = { partition in
            self.state.withLock { state in
                state.wanted.remove(partition)
                state.owned.remove(partition)
            }
        }
        subject.wrongSettings["logs"] = { throw ConnectorError(.invalidConfiguration, "there are no logs") }
        subject.close = { self.tidyUp() }
        return subject
    }
}
