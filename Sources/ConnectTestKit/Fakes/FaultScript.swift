// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Says which calls of fakes go wrong, and how.
///
/// A script outlives the connectors that a pipeline makes anew for each run, so its numbers go on over restarts. Several
/// fakes can share one.
///
/// ```swift
/// let script = FaultScript(.put, [nil, .busy, .lostAnswer])
/// let pipeline = Pipeline("p", from: source, to: FaultySink(MySink(), script), offsets: store)
/// ```
public final class FaultScript: Sendable {
    private let counts = Mutex<[FaultedCall.Method: Int]>([:])
    private let choose: @Sendable (FaultedCall) -> Fault?

    /// Asks a closure before each call; `nil` lets the call be made as it is.
    public init(_ choose: @escaping @Sendable (FaultedCall) -> Fault?) { self.choose = choose }

    /// Lets the first calls of a method go wrong, one after the other; later calls are made as they are.
    public convenience init(_ method: FaultedCall.Method, _ faults: [Fault?]) {
        self.init { $0.method == method && $0.number < faults.count ? faults[$0.number] : nil }
    }

    /// Lets calls go wrong at random: the same ones for the same seed, where they come in the same order.
    ///
    /// - Parameters:
    ///   - seed: of the random numbers.
    ///   - count: one of so many calls goes wrong, of the methods that have faults.
    ///   - faults: the faults of each method, all of them equally likely.
    public convenience init(seed: UInt64, oneIn count: Int, _ faults: [FaultedCall.Method: [Fault]]) {
        let generator = Mutex(SeededGenerator(seed: seed))
        self.init { call in
            guard let possible = faults[call.method], !possible.isEmpty else { return nil }
            return generator.withLock { generator in
                guard Int.random(in: 0..<max(1, count), using: &generator) == 0 else { return nil }
                return possible[Int.random(in: possible.indices, using: &generator)]
            }
        }
    }

    /// How many calls of a method there were.
    public func count(of method: FaultedCall.Method) -> Int { counts.withLock { $0[method] ?? 0 } }

    /// Counts a call that is about to be made; what goes wrong with it.
    func next(_ method: FaultedCall.Method) -> Fault? {
        let number = counts.withLock { counts in
            counts[method, default: 0] += 1
            return counts[method, default: 1] - 1
        }
        return choose(FaultedCall(method: method, number: number))
    }

    /// Makes a call, or lets it go wrong.
    func perform<Result>(
        _ method: FaultedCall.Method,
        _ clock: ConnectorClock,
        _ body: () async throws -> Result
    ) async throws -> Result {
        try await perform(next(method), clock, body)
    }

    func perform<Result>(
        _ fault: Fault?,
        _ clock: ConnectorClock,
        _ body: () async throws -> Result
    ) async throws -> Result {
        switch fault?.kind {
        case nil, .judges: break
        case .fails(let error), .tears(_, let error): throw error
        case .losesAnswer(let error):
            _ = try await body()
            throw error
        case .waits(let duration): try await clock.sleep(for: duration)
        case .hangs: try await Gate().pass()
        case .hangsUntil(let gate): await gate.passIgnoringCancellation()
        }
        return try await body()
    }
}
