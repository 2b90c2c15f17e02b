// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
import Synchronization

extension PipelineRandomness {
    /// The chance of a seed: the same in each run that asks in the same order.
    public static func seeded(_ seed: UInt64) -> PipelineRandomness {
        let generator = SharedGenerator(seed: seed)
        return PipelineRandomness { generator.next() }
    }
}

private final class SharedGenerator: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    func next() -> UInt64 { generator.withLock { $0.next() } }
}
