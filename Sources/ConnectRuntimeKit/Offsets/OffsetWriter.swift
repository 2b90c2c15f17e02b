// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles

/// Does what a ``FileOffsetStore`` is asked to, one batch after the other: what is asked for while a batch becomes
/// durable makes up the next one, which becomes durable by one call.
///
/// There is no task of its own: the caller that finds nothing under way leads, and hands on to the first who came
/// meanwhile.
actor OffsetWriter {
    typealias Outcome = Result<OffsetReply, ConnectorError>

    private enum Turn: Sendable {
        case finished(Outcome)
        case lead
    }

    private struct Waiting {
        let operation: OffsetOperation
        let continuation: CheckedContinuation<Turn, Never>
    }

    private let directory: OffsetDirectory
    private let compactionThreshold: Int64
    private var session: OffsetSession?
    private var queue: [Waiting] = []
    private var isLed = false

    init(_ directory: OffsetDirectory, compactionThreshold: Int64) {
        self.directory = directory
        self.compactionThreshold = compactionThreshold
    }

    /// Returns when the operation is done, and durable. Cancellation does not end it.
    func perform(_ operation: OffsetOperation) async -> Outcome {
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

    private func lead(_ operation: OffsetOperation) async -> Outcome {
        let followers = queue
        queue = []
        let outcomes = await commit([operation] + followers.map(\.operation))
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

    private func commit(_ operations: [OffsetOperation]) async -> [Outcome] {
        // Taken out, so that its tables are changed in place.
        var opened = session
        session = nil
        if opened == nil, operations.contains(where: \.isClaim) {
            switch await open() {
            case .success(let new): opened = new
            case .failure(let failure): return Self.refused(operations, failure.outcome)
            }
        }
        guard var current = opened else { return Self.refused(operations, .success(.done)) }
        opened = nil
        let outcomes = await run(operations, in: &current)
        await compact(&current)
        // With the last claim the lock goes too: another process may go on from here.
        if current.claims.isEmpty { current.lock.unlock() } else { session = current }
        return outcomes
    }

    private func run(_ operations: [OffsetOperation], in session: inout OffsetSession) async -> [Outcome] {
        let plan = OffsetPlan(operations, claims: session.claims)
        do throws(ConnectorError) {
            try await write(plan.entries, in: &session)
            session.claims = plan.claims
            return plan.apply(to: &session.table)
        } catch {
            return session.fail(operations, error)
        }
    }

    private func write(_ entries: [OffsetEntry], in session: inout OffsetSession) async throws(ConnectorError) {
        if entries.isEmpty { return }
        let directory = directory
        guard directory.isLocked(by: session.lock) else { throw directory.lockLost }
        // Where the log was removed while in use, a new one says what the removed one did.
        let log = session.log.flatMap { directory.isRead($0) ? $0 : nil }
        // Whatever fails from here on, the file is not written to again: the system may have dropped its pages. The
        // next entries go to a new one, which begins with what is known to be durable.
        session.log = nil
        let bytes = try log == nil ? session.beginning(with: entries) : session.encoded(entries)
        do throws(FileError) {
            session.log = try await withoutBlocking { () throws(FileError) in
                if let log { return try log.appending(bytes) }
                return try directory.adopt(directory.draft(bytes))
            }
        } catch {
            throw error.storeError
        }
        session.didWrite(entries.count, startingFile: log == nil)
    }

    /// Goes on in a new file when the log is long compared to what it says.
    private func compact(_ session: inout OffsetSession) async {
        guard let log = session.log, log.size > max(compactionThreshold, session.compactedSize * 4),
            let bytes = try? session.beginning(with: [])
        else { return }
        let directory = directory
        let draft = try? await withoutBlocking { () throws(FileError) in try directory.draft(bytes) }
        guard let draft else {
            // Nothing was saved by this, so nothing is lost: there is another attempt when the log has doubled.
            session.compactedSize = log.size / 2
            return
        }
        // Once the names may have changed, a crash could bring back either file: only a success makes it usable.
        session.log = try? await withoutBlocking { () throws(FileError) in try directory.adopt(draft) }
        session.didWrite(0, startingFile: true)
    }
}

extension OffsetWriter {
    private struct Refusal: Error {
        let outcome: Outcome
    }

    private func open() async -> Result<OffsetSession, Refusal> {
        let directory = directory
        do {
            let session = try await withoutBlocking {
                let lock = try directory.lock()
                return OffsetSession(lock: lock, content: try directory.read())
            }
            return .success(session)
        } catch let held as OffsetDirectory.Held {
            return .failure(Refusal(outcome: .success(.held(held))))
        } catch let error as FileError {
            return .failure(Refusal(outcome: .failure(error.connectorError("the offset store"))))
        } catch let error as ConnectorError {
            return .failure(Refusal(outcome: .failure(error)))
        } catch {
            return .failure(Refusal(outcome: .failure(ConnectorError(.fatal, "the offset store failed", cause: error))))
        }
    }

    /// What operations get from a store that is not open: a claim what is given, another what an outdated claim gets.
    private static func refused(_ operations: [OffsetOperation], _ outcome: Outcome) -> [Outcome] {
        operations.map { operation in
            if operation.isClaim { return outcome }
            var nothing = OffsetTable()
            return OffsetPlan([operation], claims: ClaimTable()).apply(to: &nothing)[0]
        }
    }
}

extension FileError {
    /// The error of a save. Trying again may help, as it begins a new file, unless the place itself is wrong.
    fileprivate var storeError: ConnectorError {
        let error = connectorError("the offset store")
        return error.code == .fatal ? connectorError("the offset store", code: .retryable) : error
    }
}
