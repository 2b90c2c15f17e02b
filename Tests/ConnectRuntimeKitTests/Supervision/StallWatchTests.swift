// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Stall watch")
struct StallWatchTests {
    private let clock: ManualClock
    private let time: ConnectorClock
    private var now: ConnectorClock.Instant { time.now }

    init() {
        clock = ManualClock()
        time = clock.connectorClock
    }

    private func call(_ number: UInt64, for duration: Duration? = nil, isWaiting: Bool = false) -> RunningCall {
        RunningCall(
            CallIdentity(name: "put", connector: "a", run: 1, number: number),
            duration: duration,
            isWaiting: isWaiting
        )
    }

    @Test("S100 a call is named once, when it has been seen for the limit, and once more when it has returned")
    func namesOnce() {
        var watch = StallWatch(limit: .seconds(8))
        #expect(watch.look(at: [call(1)], now: now).stalled.isEmpty)
        clock.advance(by: .seconds(7))
        #expect(watch.look(at: [call(1)], now: now).stalled.isEmpty)
        clock.advance(by: .seconds(1))
        #expect(watch.look(at: [call(1)], now: now).stalled.map(\.duration) == [.seconds(8)])
        clock.advance(by: .seconds(1))
        #expect(watch.look(at: [call(1)], now: now).stalled.isEmpty)
        #expect(watch.stalled.map(\.duration) == [.seconds(9)])
        let findings = watch.look(at: [call(2)], now: now)
        #expect(findings.returned == [call(1, for: .seconds(9))] && findings.stalled.isEmpty)
        #expect(watch.stalled.isEmpty)
    }

    @Test("calls that follow one another are no stall, however long they are looked at")
    func manyCalls() {
        var watch = StallWatch(limit: .seconds(8))
        for number in 0..<100 as Range<UInt64> {
            #expect(watch.look(at: [call(number)], now: now).stalled.isEmpty)
            clock.advance(by: .seconds(7))
        }
    }

    @Test("a call that may wait is timed from when it may no longer")
    func waiting() {
        var watch = StallWatch(limit: .seconds(8))
        for _ in 0..<10 {
            #expect(watch.look(at: [call(1, isWaiting: true)], now: now).stalled.isEmpty)
            clock.advance(by: .seconds(10))
        }
        #expect(watch.look(at: [call(1)], now: now).stalled.isEmpty)
        clock.advance(by: .seconds(8))
        #expect(watch.look(at: [call(1)], now: now).stalled.count == 1)
    }

    @Test("where it is known when a call began, it is named at the first look")
    func knownBeginning() {
        var watch = StallWatch(limit: .seconds(8))
        clock.advance(by: .seconds(100))
        #expect(watch.look(at: [call(1, for: .seconds(7))], now: now).stalled.isEmpty)
        #expect(watch.look(at: [call(2, for: .seconds(8))], now: now).stalled.count == 1)
    }

    @Test("one of several calls hangs while the others come and go")
    func oneOfSeveral() {
        var watch = StallWatch(limit: .seconds(8))
        for number in 1..<5 as Range<UInt64> {
            _ = watch.look(at: [call(0), call(number)], now: now)
            clock.advance(by: .seconds(2))
        }
        #expect(watch.look(at: [call(0), call(9)], now: now).stalled == [call(0, for: .seconds(8))])
    }
}
