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
/// The system counts for the whole process, so only one such check at a time is made in it; and since others may open
/// files meanwhile, the something is done many times, and accused only when it leaves its mark again and again.
enum OpenDescriptors {
    private static let isBusy = Atomic<Bool>(false)
    private static let repetitions = 24
    private static let attempts = 3

    /// How many descriptors one call of a body leaves open, or `nil` when it leaves none.
    static func leak(of body: () async throws -> Void) async throws -> Int? {
        while !isBusy.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged {
            try await Task.sleep(for: .milliseconds(1))
        }
        defer { isBusy.store(false, ordering: .releasing) }
        var least = Int.max
        for _ in 0..<attempts {
            let before = count
            for _ in 0..<repetitions { try await body() }
            least = min(least, count - before)
            if least < repetitions / 2 { return nil }
        }
        return max(1, least / repetitions)
    }

    /// How many descriptors the process has open.
    private static var count: Int {
        if let names = try? FileSystem.list("/proc/self/fd") { return names.count }
        return (0..<Int32(4096)).count { fcntl($0, F_GETFD) != -1 }
    }
}
