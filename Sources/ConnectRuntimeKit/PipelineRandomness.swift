// SPDX-License-Identifier: Apache-2.0

/// The chance that a pipeline lives by: the system's, or one that is the same in each run.
public struct PipelineRandomness: Sendable {
    private let next: @Sendable () -> UInt64

    /// Numbers of a generator; called from any task.
    public init(_ next: @escaping @Sendable () -> UInt64) { self.next = next }

    /// The system's generator.
    public static let system = PipelineRandomness {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    /// A number from 0 to the bound, both possible.
    func number(upTo bound: Int64) -> Int64 {
        guard bound > 0 else { return 0 }
        return Int64((next().multipliedFullWidth(by: UInt64(bound) + 1)).high)
    }
}
