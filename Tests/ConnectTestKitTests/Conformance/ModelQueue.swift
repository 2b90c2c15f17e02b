// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization

/// One thing that is wrong with a model queue.
enum QueueFlaw: String, Sendable {
    case everythingIsDelivered, acknowledgesOnce, forgetsUnacknowledged, acknowledgesInOrder, forgetsAcknowledgements
    case acknowledgeIgnoresCancellation, recordsHaveNoOffset
}

/// A source that takes the entries of one log as messages with tokens, with at most one flaw.
actor ModelQueue: AcknowledgingSource {
    nonisolated let traits = SourceTraits(acknowledgement: .individual, positions: .upstream)
    private let upstream: ModelUpstream
    private let flaw: QueueFlaw?
    private var context: ConnectorContext?
    private var taken: [Int] = []

    init(_ upstream: ModelUpstream, _ flaw: QueueFlaw? = nil) {
        self.upstream = upstream
        self.flaw = flaw
    }

    func start(_ context: ConnectorContext) async throws {
        self.context = context
        upstream.state.withLock { state in
            // What the last session left behind is delivered again.
            let left = state.unacknowledged.sorted { $0.key < $1.key }.map(\.value)
            state.unacknowledged = [:]
            if flaw != .forgetsUnacknowledged { state.logs[0] = left + state.logs[0] }
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            try Task.checkCancellation()
            let messages = upstream.state.withLock { state in
                var bytes = 0
                let part = state.logs[0].prefix { entry in
                    guard case .item(let item) = entry else { return false }
                    bytes += item.utf8.count
                    return bytes <= request.maxBytes || bytes == item.utf8.count
                }.prefix(request.maxRecords)
                state.logs[0].removeFirst(part.count)
                return part.map { entry in
                    state.lastToken += 1
                    state.unacknowledged[state.lastToken] = entry
                    return (state.lastToken, entry)
                }
            }
            if !messages.isEmpty { return batch(of: messages) }
            if upstream.state.withLock(\.isFinished) { return .end }
            try await context?.clock.sleep(for: .milliseconds(1))
        }
    }

    private func batch(of messages: [(Int, ModelUpstream.Entry)]) -> SourceBatch {
        taken += messages.map(\.0)
        return SourceBatch(
            messages.compactMap { token, entry in
                guard case .item(let item) = entry else { return nil }
                return ConnectorRecord(.text(item), offset: offset(token))
            }
        )
    }

    private func offset(_ token: Int) -> RecordOffset? {
        flaw == .recordsHaveNoOffset ? nil : RecordOffset(Int64(token))
    }

    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        if flaw == .acknowledgeIgnoresCancellation, Task.isCancelled {
            await upstream.forever.passIgnoringCancellation()
        }
        if flaw == .forgetsAcknowledgements { return }
        for (index, acknowledgement) in acknowledgements.enumerated() {
            var token = Int(acknowledgement.position.offset.sequence ?? 0)
            if flaw == .acknowledgesInOrder, index < taken.count { token = taken[index] }
            let outcome = flaw == .everythingIsDelivered ? .delivered : acknowledgement.outcome
            try upstream.state.withLock { state in
                guard let entry = state.unacknowledged.removeValue(forKey: token) else {
                    if flaw == .acknowledgesOnce { throw ConnectorError(.fatal, "there is no message \(token)") }
                    return
                }
                if case .item(let item) = entry { state.outcomes[item] = outcome }
            }
        }
    }
}
