// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How far a generator is in each of its partitions.
struct GeneratorCursor: Sendable {
    /// The number of the next record of each partition.
    private var next: [Int64]
    /// How many records each partition has in all.
    private let ends: [Int64]
    private var turn = 0

    init(partitions: Int, count: Int64?) {
        next = Array(repeating: 0, count: partitions)
        let (share, rest) = (count ?? .max).quotientAndRemainder(dividingBy: Int64(partitions))
        ends = (0..<partitions).map { count == nil ? .max : share + (Int64($0) < rest ? 1 : 0) }
    }

    mutating func resume(_ partition: Int, behind number: Int64) { next[partition] = number + 1 }

    var isAtEnd: Bool { next.indices.allSatisfy { next[$0] >= ends[$0] } }

    /// The next record of the next partition that has one and is not held back.
    mutating func advance(besides heldBack: Set<Int>) -> (partition: Int, number: Int64)? {
        for _ in next.indices {
            let partition = turn
            turn = turn + 1 == next.count ? 0 : turn + 1
            guard next[partition] < ends[partition], heldBack.isEmpty || !heldBack.contains(partition) else { continue }
            defer { next[partition] += 1 }
            return (partition, next[partition])
        }
        return nil
    }

    /// Takes the newest record back.
    mutating func retreat(from partition: Int) {
        turn = partition
        next[partition] -= 1
    }
}
