// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// What a ``FileDeadLetterStore`` is asked to do.
enum LetterOperation: Sendable {
    case open
    case append([DeadLetter])
    case replace([StoredDeadLetter])
    case remove([DeadLetterKey])
    case read(after: DeadLetterKey?, count: Int)
    case count
    case close
}

/// What came of it.
enum LetterReply: Sendable {
    case done
    case letters([StoredDeadLetter])
    case count(Int)
}

/// Does what a ``FileDeadLetterStore`` is asked to, in the order in which it is asked; letters that are added while
/// something else is done become durable together.
///
/// There is no task of its own: the caller that finds nothing under way leads, and hands on to the first who came
/// meanwhile.
actor LetterClerk {
    typealias Outcome = Result<LetterReply, any Error>

    private enum Turn: Sendable {
        case finished(Outcome)
        case lead
    }

    private struct Waiting {
        let operation: LetterOperation
        let continuation: CheckedContinuation<Turn, Never>
    }

    private let makePath: @Sendable () -> LetterPath
    private let compactionThreshold: Int64
    private let pageBytes: Int
    private let drawer = LetterDrawer()
    private var queue: [Waiting] = []
    private var isLed = false

    init(compactionThreshold: Int64, pageBytes: Int, path: @escaping @Sendable () -> LetterPath) {
        makePath = path
        self.compactionThreshold = compactionThreshold
        self.pageBytes = pageBytes
    }

    /// Returns when the operation is done, and durable. Cancellation does not end it.
    func perform(_ operation: LetterOperation) async -> Outcome {
        guard isLed else {
            isLed = true
            return await lead(operation)
        }
        let turn = await withCheckedContinuation { queue.append(Waiting(operation: operation, continuation: $0)) }
        switch turn {
        case .finished(let outcome): return outcome
        case .lead: return await lead(operation)
        }
    }

    private func lead(_ operation: LetterOperation) async -> Outcome {
        let followers = queue
        queue = []
        let outcomes = await perform([operation] + followers.map(\.operation))
        for (follower, outcome) in zip(followers, outcomes.dropFirst()) {
            follower.continuation.resume(returning: .finished(outcome))
        }
        if queue.isEmpty {
            isLed = false
        } else {
            queue.removeFirst().continuation.resume(returning: .lead)
        }
        return outcomes[0]
    }

    private func perform(_ operations: [LetterOperation]) async -> [Outcome] {
        let drawer = drawer
        let makePath = makePath
        let (threshold, pageBytes) = (compactionThreshold, pageBytes)
        return await withoutBlocking {
            var desk = LetterDesk(
                file: drawer.take(),
                makePath: makePath,
                compactionThreshold: threshold,
                pageBytes: pageBytes
            )
            let outcomes = desk.perform(operations)
            drawer.put(desk.file)
            return outcomes
        }
    }
}

/// Where the open file lies between operations. It is taken out, so that its index is changed in place.
private final class LetterDrawer: Sendable {
    private let file = Lock<LetterFile?>(nil)

    func take() -> LetterFile? {
        file.withLock { file in
            defer { file = nil }
            return file
        }
    }

    func put(_ new: LetterFile?) { file.withLock { $0 = new } }
}
