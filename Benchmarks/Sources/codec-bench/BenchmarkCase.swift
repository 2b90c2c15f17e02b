// SPDX-License-Identifier: Apache-2.0

import CBench

/// One thing that is measured: a piece of work that is repeated.
struct BenchmarkCase {
    let name: String
    /// How many events one repetition handles.
    let events: Int
    /// The bytes that are read, for those who measure another library with the same; empty where there are none.
    let input: [UInt8]
    /// Repeats the work.
    let run: (_ repetitions: Int) throws -> Void

    /// Makes a case of work whose result is consumed, so that none of it is left out by the optimizer.
    @inline(__always)
    init<Result>(
        _ name: String,
        events: Int = 1,
        input: [UInt8] = [],
        _ work: @escaping () throws -> Result
    ) {
        self.name = name
        self.events = events
        self.input = input
        run = { repetitions in
            for _ in 0..<repetitions { consume(try work()) }
        }
    }

    /// Makes a case of work that repeats itself and consumes its results.
    init(_ name: String, repeating run: @escaping (_ repetitions: Int) throws -> Void) {
        self.name = name
        events = 1
        input = []
        self.run = run
    }
}

/// Gives a value away where the optimizer cannot follow it.
@inline(__always)
func consume<Value>(_ value: Value) {
    withUnsafePointer(to: value) { cbench_consume($0) }
}
