// SPDX-License-Identifier: Apache-2.0

// A source that is called: each caller hears what became of its request.

// snippet.show
import OpenConnect

/// The server that the source listens with: it answers each request with the status that the closure gives.
protocol HookServer: Sendable {
    func serve(_ answer: @escaping @Sendable (_ body: [UInt8]) async -> Int) async throws
}

actor WebhookSource: AcknowledgingSource {
    private let server: any HookServer
    private let queue = PushQueue(limits: PushQueue.Limits(maxRecords: 1000, refusesWhenFull: true))

    init(_ server: any HookServer) { self.server = server }

    nonisolated var traits: SourceTraits { queue.traits }

    func start(_ context: ConnectorContext) async throws {
        context.addTask(named: "server") { [server, queue] in
            try await server.serve { await Self.status(of: ConnectorRecord(.bytes($0)), in: queue) }
        }
    }

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await queue.poll(request) }

    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try await queue.acknowledge(acknowledgements)
    }

    func stop() async { queue.close() }

    private static func status(of record: ConnectorRecord, in queue: PushQueue) async -> Int {
        do {
            let outcome = try await queue.deliver(record).outcome
            return outcome == .delivered || outcome == .filtered ? 200 : 422
        } catch let error as ConnectorError where error.code == .throttled {
            return 429
        } catch {
            return 503
        }
    }
}
