// SPDX-License-Identifier: Apache-2.0

/// Numbers that look like chance and follow from where one begins (SplitMix64).
struct GeneratedRandomness: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// The beginning for one record.
    init(seed: UInt64, partition: Int, number: Int64) {
        state = Self.mixed(seed &+ Self.step &* UInt64(truncatingIfNeeded: partition &+ 1))
        state = Self.mixed(state &+ Self.step &* UInt64(bitPattern: number &+ 1))
    }

    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.mixed(state)
    }

    /// A number in a range.
    mutating func number(in range: ClosedRange<Int>) -> Int {
        guard range.count > 1 else { return range.lowerBound }
        return range.lowerBound + Int(next().multipliedFullWidth(by: UInt64(range.count)).high)
    }

    private static func mixed(_ number: UInt64) -> UInt64 {
        var mixed = number
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
