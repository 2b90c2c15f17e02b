// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// The clock of a ``SimulationExecutor``: it stands still while there is something to do, and then goes on to the
/// instant for which somebody waits.
public final class SimulationClock: Clock, Sendable {
    /// A point in time of a simulation.
    public struct Instant: InstantProtocol {
        let nanoseconds: Int64

        /// The instant a while later.
        public func advanced(by duration: Swift.Duration) -> Instant {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
            return Instant(nanoseconds: overflow ? .max : sum)
        }
        /// The time from this instant to another one.
        public func duration(to other: Instant) -> Swift.Duration { .nanoseconds(other.nanoseconds - nanoseconds) }
        /// Whether the left one is earlier.
        public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }
    }

    private struct Sleeper {
        let id: UInt64
        let deadline: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Int64 = 0
        var lastID: UInt64 = 0
        /// In the order of their deadlines.
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []

        mutating func takeDue() -> ArraySlice<Sleeper> {
            let due = sleepers.prefix { $0.deadline <= now }
            sleepers.removeFirst(due.count)
            return due
        }
    }

    private let state = Mutex(State())

    /// A clock that stands at its beginning.
    public init() {}

    /// The same clock as a connector sees it.
    public var connectorClock: ConnectorClock { ConnectorClock(self) }

    /// The present.
    public var now: Instant { Instant(nanoseconds: state.withLock(\.now)) }
    /// A nanosecond.
    public var minimumResolution: Swift.Duration { .nanoseconds(1) }
    /// The time since the beginning.
    public var elapsed: Swift.Duration { .nanoseconds(state.withLock(\.now)) }

    /// Suspends until an instant; throws `CancellationError` at once when cancelled.
    public func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enter(Sleeper(id: id, deadline: deadline.nanoseconds, continuation: continuation))
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func enter(_ sleeper: Sleeper) {
        let result: Result<Void, any Error>? = state.withLock { state in
            if state.cancelled.remove(sleeper.id) != nil { return .failure(CancellationError()) }
            if sleeper.deadline <= state.now { return .success(()) }
            let index = state.sleepers.firstIndex { $0.deadline > sleeper.deadline } ?? state.sleepers.count
            state.sleepers.insert(sleeper, at: index)
            return nil
        }
        if let result { sleeper.continuation.resume(with: result) }
    }

    private func cancel(_ id: UInt64) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }

    /// Goes on to the earliest instant that somebody waits for; `false` when nobody waits.
    func advanceToNextSleeper() -> Bool {
        let due = state.withLock { state in
            state.now = max(state.now, state.sleepers.first?.deadline ?? state.now)
            return state.takeDue()
        }
        for sleeper in due { sleeper.continuation.resume() }
        return !due.isEmpty
    }

    /// Goes on for a while and wakes everyone whose time has come.
    func advance(by duration: Swift.Duration) {
        let due = state.withLock { state in
            state.now += duration.wholeNanoseconds
            return state.takeDue()
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
