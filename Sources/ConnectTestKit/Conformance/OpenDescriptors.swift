// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Finds out whether something leaves file descriptors open.
///
/// The system counts for the whole process, in which others open and close files meanwhile. So the something is done
/// several times, the lowest of several counts is taken, and the majority of several attempts decides. Only one such
/// check at a time is made in a process: two would count each other's.
enum OpenDescriptors {
    private static let turns = Turns()
    private static let repetitions = 8

    /// How many descriptors one call of a body leaves open, or `nil` when it leaves none.
    static func leak(of body: () async throws -> Void) async throws -> Int? {
        await turns.begin()
        defer { turns.end() }
        var found: [Int] = []
        var attempts = 0
        while found.count < 2, attempts - found.count < 2 {
            let before = try await lowestCount()
            for _ in 0..<repetitions { try await body() }
            let more = try await lowestCount() - before
            attempts += 1
            if more >= repetitions * 3 / 4 { found.append(more) }
        }
        guard found.count == 2, let least = found.min() else { return nil }
        return max(1, least / repetitions)
    }

    /// How many descriptors the process has open for longer than a moment.
    private static func lowestCount() async throws -> Int {
        var lowest = count
        for _ in 0..<4 {
            try await Task.sleep(for: .microseconds(500))
            lowest = min(lowest, count)
        }
        return lowest
    }

    private static var count: Int {
        if let names = try? FileSystem.list("/proc/self/fd") { return names.count }
        return (0..<Int32(4096)).count { fcntl($0, F_GETFD) != -1 }
    }

    /// Lets one after the other, in the order in which they came.
    private final class Turns: Sendable {
        private let state = Mutex<(isTaken: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

        func begin() async {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.isTaken { state.waiting.append(continuation) }
                    defer { state.isTaken = true }
                    return !state.isTaken
                }
                if isFree { continuation.resume() }
            }
        }

        func end() {
            let next = state.withLock { state in
                state.isTaken = !state.waiting.isEmpty
                return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            }
            next?.resume()
        }
    }
}
