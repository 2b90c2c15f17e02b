// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// The reader of the first partition of a partitioned source, as a source: what holds for any source has to hold for
/// it.
final class FirstReader: Source {
    private let base: any PartitionedSource
    private let reader = Mutex<(any PartitionReader)?>(nil)

    init(_ base: any PartitionedSource) { self.base = base }

    var traits: SourceTraits { base.traits }

    func start(_ context: ConnectorContext) async throws {
        try await base.start(context)
        guard let partition = try await base.partitions().partitions.first else {
            throw ConnectorError(.fatal, "the source lists no partition; the subject has to have one")
        }
        let offset = try await context.offset(of: partition)
        let reader = try await base.reader(of: partition, from: offset)
        self.reader.withLock { $0 = reader }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        guard let reader = reader.withLock({ $0 }) else { return .end }
        return try await reader.poll(request)
    }

    func stop() async {
        await reader.withLock { $0.take() }?.stop()
        await base.stop()
    }
}
