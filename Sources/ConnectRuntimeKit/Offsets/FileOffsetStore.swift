// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
package import OpenConnectFiles

/// Keeps positions in a directory of its own, durably, for the pipelines of one process.
///
/// The directory holds `offsets.log`, to which every save is appended, and `lock`. Saves that are asked for at the same
/// time become durable by one `fsync`. When the log has become long, a new one with just its outcome takes its place.
///
/// - The first claim opens the directory and locks it against other processes and other stores; the last release, or
///   the end of the process, unlocks it.
/// - A missing log is a start from the beginning. An append that was cut short by a crash is rolled back. Anything else
///   that is not as it was written is an error that names the file and the place; the log is then left as it is.
/// - After a failed write or `fsync`, the file is not used again: the next save begins a new one with what is known to
///   be durable.
public final class FileOffsetStore: OffsetStore {
    /// The directory, as it was given.
    public let directory: String
    private let writer: OffsetWriter
    private let clock: ConnectorClock
    private let pollInterval: Duration
    private let released = ChangeSignal()
    let takeovers = ChangeSignal()

    /// A store in a directory, which the first claim makes if it is missing.
    ///
    /// - Parameters:
    ///   - directory: the path; no other program keeps files there.
    ///   - clock: the time that a claim lives by which waits for another process.
    public convenience init(directory: String, clock: ConnectorClock = .continuous) {
        self.init(directory: directory, clock: clock, faults: .none)
    }

    /// A store with everything that a test wants to choose.
    package init(
        directory: String,
        clock: ConnectorClock = .continuous,
        pollInterval: Duration = .milliseconds(250),
        compactionThreshold: Int64 = 1 << 20,
        faults: FileFaults
    ) {
        self.directory = directory
        self.clock = clock
        self.pollInterval = pollInterval
        writer = OffsetWriter(
            OffsetDirectory(path: directory, faults: faults),
            compactionThreshold: compactionThreshold
        )
    }

    /// Takes ownership of a scope and returns what is stored there.
    ///
    /// A claim that takes over fences an owner in this process. From another process nothing can be taken over; a claim
    /// that waits does so for owners in both.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `retryable` when the scope, or the directory, is owned, with the
    ///   owner; `corruptOffsets` when the log is damaged or foreign; `invalidConfiguration` when the directory cannot
    ///   be made or written. `CancellationError` when cancelled while it waits.
    public func claim(_ request: ClaimRequest) async throws -> OffsetClaim {
        while true {
            let seen = released.count
            switch try await writer.perform(.claim(request)).get() {
            case .granted(let claim):
                if request.policy == .takeOver {
                    takeovers.notify()
                    // What the former owner had besides is free.
                    released.notify()
                }
                return claim
            case .owned(let owned):
                guard request.policy == .wait else { throw owned.error(for: request) }
                try await released.wait(beyond: seen)
            case .held(let held):
                guard request.policy == .wait else { throw held.error(in: directory, for: request) }
                try await clock.sleep(for: pollInterval)
            case .done, .freed:
                throw ConnectorError(.fatal, "the offset store has no answer to the claim of \(request.scope)")
            }
        }
    }

    /// Checks that the claim is not outdated; there is no lease, as a claim ends with its process.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `fenced` when it is.
    public func renew(_ claim: ClaimToken) async throws {
        _ = try await writer.perform(.renew(claim)).get()
    }

    /// Stores a set of changes atomically; durable when it returns. Cancellation does not end it.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `fenced` when the claim is outdated; `retryable`, with what to do,
    ///   when the file system fails, and then the changes may be there after a crash or not; `fatal` when a claim of
    ///   one partition is used for another.
    public func save(_ changes: OffsetChanges, under claim: ClaimToken) async throws {
        _ = try await writer.perform(.save(changes, claim)).get()
    }

    /// Gives the ownership back, and with the last one the directory; with an outdated claim, nothing happens.
    public func release(_ claim: ClaimToken) async throws {
        if case .freed = try await writer.perform(.release(claim)).get() { released.notify() }
    }
}

extension FileOffsetStore: TakeoverReporting {}
