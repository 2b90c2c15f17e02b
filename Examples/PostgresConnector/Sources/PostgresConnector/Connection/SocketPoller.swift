// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Suspends tasks until their sockets are ready: one thread for all connections of the process, which sleeps in `poll`.
///
/// It begins with the first connection. Dispatch sources would need no thread, but took up to twice the processor time for
/// a round trip, and on Linux now and then missed that the other side had hung up.
final class SocketPoller: Sendable {
    /// What ended a wait.
    enum Outcome: Sendable { case ready, expired, cancelled }

    /// What the socket has to be ready for.
    enum Readiness: Sendable { case reading, writing, readingOrWriting }

    private struct Wait {
        let continuation: CheckedContinuation<Outcome, Never>
        let socket: Int32
        let readiness: Readiness
        let deadline: ContinuousClock.Instant?
    }

    private struct State {
        var waits: [Int: Wait] = [:]
        var lastNumber = 0
        /// Waits that were cancelled before they began.
        var cancelled: Set<Int> = []
        /// Whether the thread was told to look again and has not done so yet.
        var isWoken = false
        var isRunning = false
    }

    static let shared = SocketPoller()

    private let state = Mutex(State())
    private let bell: (listening: Int32, ringing: Int32)

    private init() {
        var ends: [Int32] = [-1, -1]
        // Without them only the ticks of the loop are left, and it works on, slowly.
        if pipe(&ends) == 0 {
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
        }
        bell = (ends[0], ends[1])
    }

    /// Waits until a socket is ready. It has to stay open meanwhile.
    ///
    /// - Parameter isCancellable: whether the end of the task ends the wait.
    func wait(
        for readiness: Readiness,
        of socket: Int32,
        until deadline: ContinuousClock.Instant? = nil,
        isCancellable: Bool = true
    ) async -> Outcome {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        guard isCancellable else { return await suspend(number, readiness, socket, deadline) }
        let outcome = await withTaskCancellationHandler {
            await suspend(number, readiness, socket, deadline)
        } onCancel: {
            cancel(number)
        }
        _ = state.withLock { $0.cancelled.remove(number) }
        return outcome
    }

    private func suspend(
        _ number: Int,
        _ readiness: Readiness,
        _ socket: Int32,
        _ deadline: ContinuousClock.Instant?
    ) async -> Outcome {
        await withCheckedContinuation { continuation in
            let wait = Wait(continuation: continuation, socket: socket, readiness: readiness, deadline: deadline)
            let isCancelled = state.withLock { state in
                guard state.cancelled.remove(number) == nil else { return true }
                state.waits[number] = wait
                wake(&state)
                return false
            }
            if isCancelled { continuation.resume(returning: .cancelled) }
        }
    }

    private func cancel(_ number: Int) {
        let wait = state.withLock { state in
            let wait = state.waits.removeValue(forKey: number)
            if wait == nil { state.cancelled.insert(number) }
            return wait
        }
        wait?.continuation.resume(returning: .cancelled)
    }

    /// Has the thread look at the waits again.
    private func wake(_ state: inout State) {
        if !state.isRunning {
            state.isRunning = startThread()
        } else if !state.isWoken {
            state.isWoken = true
            var byte: UInt8 = 1
            _ = write(bell.ringing, &byte, 1)
        }
    }
}

// MARK: The thread

extension SocketPoller {
    private func startThread() -> Bool {
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let status = pthread_create(
            &thread,
            nil,
            { _ in
                SocketPoller.shared.run()
                return nil
            },
            nil
        )
        guard status == 0 else { return false }
        #if canImport(Darwin)
        if let thread { pthread_detach(thread) }
        #else
        pthread_detach(thread)
        #endif
        return true
    }

    private func run() {
        while true {
            var (numbers, sockets, limit) = present()
            sockets.append(pollfd(fd: bell.listening, events: Int16(POLLIN), revents: 0))
            _ = poll(&sockets, nfds_t(sockets.count), limit)
            var bytes: (UInt64, UInt64) = (0, 0)
            if sockets.last?.revents != 0 { _ = read(bell.listening, &bytes, 16) }
            numbers = zip(numbers, sockets).filter { $1.revents != 0 }.map(\.0)
            finish(numbers)
        }
    }

    /// What there is to wait for, and for how many milliseconds at most.
    private func present() -> ([Int], [pollfd], Int32) {
        state.withLock { state in
            state.isWoken = false
            let sockets = state.waits.values.map { pollfd(fd: $0.socket, events: $0.readiness.events, revents: 0) }
            let first = state.waits.values.compactMap(\.deadline).min()
            let left = first.map { max(.zero, $0 - .now) / .milliseconds(1) }
            // Rounded up, so that the deadline has passed when the time is over. Looks again by itself twice a minute.
            return (Array(state.waits.keys), sockets, Int32(min(left ?? 30_000, 30_000).rounded(.up)))
        }
    }

    private func finish(_ ready: [Int]) {
        let ended = state.withLock { state in
            var ended = ready.compactMap { number in
                state.waits.removeValue(forKey: number).map { ($0.continuation, Outcome.ready) }
            }
            let now = ContinuousClock.now
            for (number, wait) in state.waits where wait.deadline.map({ $0 <= now }) ?? false {
                state.waits[number] = nil
                ended.append((wait.continuation, .expired))
            }
            return ended
        }
        for (continuation, outcome) in ended { continuation.resume(returning: outcome) }
    }
}

extension SocketPoller.Readiness {
    fileprivate var events: Int16 {
        switch self {
        case .reading: Int16(POLLIN)
        case .writing: Int16(POLLOUT)
        case .readingOrWriting: Int16(POLLIN | POLLOUT)
        }
    }
}
