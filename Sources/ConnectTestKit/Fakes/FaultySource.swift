// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// A source that is flaky, slow or hangs, as a script says: a wrapper around any source.
///
/// It takes note of commits and acknowledgements where the source does that it wraps.
public final class FaultySource<Base: Source>: Source {
    private struct State {
        var clock: ConnectorClock?
        /// What a poll has read whose answer was lost.
        var kept: SourceBatch?
    }

    /// The source that is called unless something goes wrong.
    public let base: Base
    let script: FaultScript
    private let state = Mutex(State())

    /// A source whose calls go wrong as the script says.
    public init(_ base: Base, _ script: FaultScript) {
        self.base = base
        self.script = script
    }

    public var traits: SourceTraits { base.traits }

    /// The clock of the pipeline, once the source has been started.
    var clock: ConnectorClock { state.withLock(\.clock) ?? .continuous }

    public func start(_ context: ConnectorContext) async throws {
        state.withLock { $0.clock = context.clock }
        try await script.perform(.start, clock) { try await base.start(context) }
    }

    public func stop() async {
        try? await script.perform(.stop, clock) {}
        await base.stop()
    }

    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        let fault = script.next(.poll)
        return try await script.perform(fault, clock) {
            let batch: SourceBatch
            if let kept = state.withLock({ $0.kept.take() }) {
                batch = kept
            } else {
                batch = try await base.poll(request)
            }
            if case .losesAnswer = fault?.kind { state.withLock { $0.kept = batch } }
            return batch
        }
    }
}

extension FaultySource: CommittingSource where Base: CommittingSource {
    public func commit(_ positions: [RecordPosition]) async throws {
        try await script.perform(.commit, clock) { try await base.commit(positions) }
    }
}

extension FaultySource: AcknowledgingSource where Base: AcknowledgingSource {
    public func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try await script.perform(.acknowledge, clock) { try await base.acknowledge(acknowledgements) }
    }
}

extension FaultySource: FlowObserving where Base: FlowObserving {
    public func pollingWillRest() async { await base.pollingWillRest() }
    public func pollingWillResume() async { await base.pollingWillResume() }
}

extension FaultySource: Reconnecting where Base: Reconnecting {
    public func reconnect() async throws {
        try await script.perform(.reconnect, clock) { try await base.reconnect() }
    }
}

extension FaultySource: HoldObserving where Base: HoldObserving {
    public func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {
        await base.heldBackPartitionsChanged(to: partitions)
    }
}
