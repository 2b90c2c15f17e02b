// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A server whose clients wait for a reply that tells the outcome of their record, as a webhook's senders do.
public actor PushServer: AcknowledgingSource {
    /// What a client is answered.
    public enum Reply: Sendable, Equatable {
        /// The record is committed (200).
        case committed
        /// The record was refused for good (422).
        case refused
        /// The server cannot tell: send it again (503).
        case unavailable
    }

    private let queue: PushQueue

    /// A server that lets a number of requests wait.
    public init(maxWaiting: Int = 100) {
        queue = PushQueue(limits: PushQueue.Limits(maxRecords: maxWaiting))
    }

    public nonisolated var traits: SourceTraits { queue.traits }

    /// What a client does: sends a body, and waits for the reply.
    public nonisolated func request(_ body: String) async -> Reply {
        do {
            let outcome = try await queue.deliver(ConnectorRecord(.text(body))).outcome
            return outcome == .delivered ? .committed : .refused
        } catch {
            return .unavailable
        }
    }

    /// Lets no more requests in.
    public nonisolated func close() { queue.finish() }

    /// How many clients wait for their reply.
    package nonisolated var waitingClients: Int { queue.load.awaited }

    public nonisolated func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await queue.poll(request)
    }

    public func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try await queue.acknowledge(acknowledgements)
    }

    public func stop() async { await queue.stop() }
}
