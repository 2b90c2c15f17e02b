// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Which of a generator's records are due.
struct GeneratorSchedule: Sendable {
    private let rate: GeneratorRate
    /// At the beginning of the rate's shape.
    private var origin: ConnectorClock.Instant
    /// How many records of the shape were made.
    private var made: Int64 = 0

    /// A record is made at most that late: where it would be later, it and all that follow are due later than they were.
    static let longestDelay = Duration.seconds(1)
    /// Records that are due within this time are made together.
    static let resolution = Duration.milliseconds(5)

    init(_ rate: GeneratorRate, from origin: ConnectorClock.Instant) {
        self.rate = rate
        self.origin = origin
    }

    /// How many records are due and not made.
    mutating func due(at now: ConnectorClock.Instant) -> Int64 {
        if rate.isUnlimited { return .max }
        shift(to: now)
        return max(0, rate.due(after: now.since(origin).wholeNanoseconds) - made)
    }

    mutating func noteMade(_ count: Int) {
        if !rate.isUnlimited { made += Int64(count) }
    }

    /// When to look again after nothing was due; `nil` where nothing ever will be.
    func next(after now: ConnectorClock.Instant) -> ConnectorClock.Instant? {
        rate.time(ofRecord: made + 1).map { time in
            max(origin.advanced(by: .nanoseconds(time)), now.advanced(by: Self.resolution))
        }
    }

    /// Begins the shape later where the next record would be too late.
    private mutating func shift(to now: ConnectorClock.Instant) {
        let latest = now.since(origin) - Self.longestDelay
        guard rate.due(after: latest.wholeNanoseconds) > made, let time = rate.time(ofRecord: made + 1) else { return }
        origin = origin.advanced(by: latest - .nanoseconds(time))
    }
}
