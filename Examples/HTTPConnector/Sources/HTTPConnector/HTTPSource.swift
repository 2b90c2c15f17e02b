// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// Takes CloudEvents that others send over HTTP, and answers them when they are safe.
///
/// Binary, structured and batched mode are told apart by the content type, in every format of the codec; a batch is taken
/// as a whole or not at all. What is no event gets 400 with the reason and stops nothing.
///
/// Each event is acknowledged for itself. Nothing is stored here: a sender that gets no answer, or 503, sends again, and
/// an event keeps its id, so that the repetition can be told.
public final class HTTPSource: AcknowledgingSource {
    let listen: ListenAddress
    let options: Options
    let bodies: BodyBudget
    private let queue: PushQueue
    private let server = Mutex<EventServer?>(nil)
    private let bound = Mutex<ListenAddress?>(nil)
    private let pace: PollPace

    /// A source that listens on an address.
    public init(listen: ListenAddress, options: Options = Options()) {
        self.listen = listen
        self.options = options
        bodies = BodyBudget(limit: max(options.maxInFlightBodyBytes, options.maxBodyBytes))
        var limits = options.queue
        limits.refusesWhenFull = true
        queue = PushQueue(limits: limits)
        pace = PollPace(gathering: options.gatherTime)
    }

    /// Individual acknowledgement, positions kept by nobody, not replayable.
    public var traits: SourceTraits { queue.traits }

    /// Where the source listens, once it is started: with the port that the system has chosen.
    public var address: ListenAddress? { bound.withLock(\.self) }

    /// Listens.
    ///
    /// - Throws: ``ConnectorError`` with the code `retryable` where the address cannot be had, `invalidConfiguration`
    ///   where a certificate cannot be read, or the secret of GitHub's webhooks is empty.
    public func start(_ context: ConnectorContext) async throws {
        let responder = try EventResponder(options, queue, bodies, context.clock)
        let server = try EventServer(listen, options, responder, bodies)
        self.server.withLock { $0 = server }
        let address = try await server.start(context, at: listen)
        bound.withLock { $0 = address }
        context.addTask(named: "answer timeout") { [queue, options] in
            while true {
                try await context.clock.sleep(for: min(options.answerTimeout / 4, .seconds(1)))
                queue.expire(waitingLongerThan: options.answerTimeout)
            }
        }
        context.emit(ConnectorEvent(.info, "listens on \(address)", attributes: ["address": address.description]))
    }

    /// Waits for events.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        try await pace.wait()
        let batch = try await queue.poll(request)
        pace.note(batch.records.count)
        return batch
    }

    /// Has the senders answered.
    public func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {
        try await queue.acknowledge(acknowledgements)
    }

    /// Answers those that wait with 503, and closes all connections.
    public func stop() async {
        queue.close()
        await server.withLock { $0.take() }?.stop()
    }
}
