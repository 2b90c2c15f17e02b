// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite("Signals of the process", .timeLimit(.minutes(1)))
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
}
