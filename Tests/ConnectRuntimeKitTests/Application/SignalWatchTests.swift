// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ConnectRuntimeKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Signals of the process", .timeLimit(.minutes(10)))
struct SignalWatchTests {
    @Test("one that comes at once is not lost")
    func seesTheFirst() async {
        defer { for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) } }
        let watch = SignalWatch()
        kill(getpid(), SIGINT)
        var signals = watch.signals.makeAsyncIterator()
        #expect(await signals.next() == SIGINT)
        watch.end()
    }

    @Test(
        "those of one moment are one, a later one is another",
        arguments: [
            ([0, 1], [true, false]), ([0, 99, 100], [true, false, true]),
            ([0, 150, 200, 260], [true, true, false, true]),
        ]
    )
    func oneOccasion(milliseconds: [Int], expected: [Bool]) {
        let start = ContinuousClock.now
        var occasion = SignalOccasion()
        #expect(milliseconds.map { occasion.begins(at: start + .milliseconds($0)) } == expected)
    }
}
