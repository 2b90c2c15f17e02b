// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Sends the records of puts, each lane in its order, and says what became of them.
struct EventDelivery: Sendable {
    let connection: SinkConnection
    let maker: EventMaker
    let options: HTTPSink.Options
    let deadlines: RequestDeadlines
    private let gate = SinkGate()
    private let permits: RequestPermits
    private let deliveryHeaders: [MessageHeader]
    private var pace: RequestPace?

    init(_ connection: SinkConnection, _ options: HTTPSink.Options, _ maker: EventMaker) {
        self.connection = connection
        self.options = options
        self.maker = maker
        deadlines = RequestDeadlines(connection.clock)
        permits = RequestPermits(options.concurrency)
        deliveryHeaders = options.webhook?.registration.deliveryHeaders ?? []
    }

    /// Sends no more requests in a minute than that.
    mutating func keep(to rate: Int?) { pace = rate.map { RequestPace($0) } }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        if let error = gate.admission(at: connection.clock.now) { throw error }
        let progress = PutProgress(batch.count)
        if options.mode.isBatched {
            var chunks = BatchSending(self, batch, progress)
            try await chunks.send()
        } else {
            try await sendLanes(of: batch, progress)
        }
        let (result, left) = try progress.result()
        if let left { gate.leave(left) }
        return result
    }

    // MARK: Lanes

    /// Sends as many lanes at the same time as there may be requests.
    private func sendLanes(of batch: RecordBatch, _ progress: PutProgress) async throws {
        let lanes = batch.indicesByLane
        guard lanes.count > 1 else {
            for lane in lanes { try await send(lane, of: batch, progress) }
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, lane) in lanes.enumerated() {
                if number >= options.concurrency { try await group.next() }
                group.addTask { try await send(lane, of: batch, progress) }
            }
            try await group.waitForAll()
        }
    }

    private func send(_ lane: [Int], of batch: RecordBatch, _ progress: PutProgress) async throws {
        for index in lane where !progress.isHalted {
            let message: HTTPMessage
            do {
                message = try maker.message(of: batch[index])
            } catch {
                return progress.note(index, .reject(error))
            }
            switch try await dispatch(message) {
            case .delivered: progress.noteDelivered(index)
            case .rejected(let error): return progress.note(index, .reject(error))
            case .failed(let error, let wait): return progress.note(index, .retry(error, after: wait))
            case .halted(let halt): return progress.halt(halt, at: [index])
            }
        }
    }

    // MARK: Requests

    /// Sends one request when its turn has come.
    ///
    /// - Throws: `CancellationError`.
    func dispatch(_ message: HTTPMessage) async throws -> SendOutcome {
        try await permits.withPermit {
            let clock = connection.clock
            if let pace {
                switch pace.turn(at: clock.now) {
                case .at(let instant): if instant > clock.now { try await clock.sleep(until: instant) }
                case .later(let wait): return closed(by: paused(wait))
                }
            }
            if let error = gate.obstacle(at: clock.now) {
                return .halted(SinkHalt(error: error, span: .once))
            }
            do throws(any Error) {
                let method = options.method.description
                let headers = deliveryHeaders + message.headers
                let answer = try await connection.send(method, headers, message.body, deadlines)
                return noted(connection.outcome(of: answer))
            } catch let failure as SendFailure {
                return noted(connection.outcome(of: failure))
            }
        }
    }

    private func noted(_ outcome: SendOutcome) -> SendOutcome {
        if case .halted(let halt) = outcome { gate.close(halt, at: connection.clock.now) }
        return outcome
    }

    private func closed(by halt: SinkHalt) -> SendOutcome { noted(.halted(halt)) }

    private func paused(_ wait: Duration) -> SinkHalt {
        let words = "\(connection.target) takes no more requests for now, by the rate that it granted"
        return SinkHalt(error: ConnectorError(.throttled, words, retryAfter: wait), span: .atLeast(wait))
    }
}

extension RecordBatch {
    /// The indices of the records of each lane, in the order of their first ones.
    fileprivate var indicesByLane: [[Int]] {
        var places: [RecordLane: Int] = [:]
        var lanes: [[Int]] = []
        for index in indices {
            let lane = lane(at: index)
            if let place = places[lane] {
                lanes[place].append(index)
            } else {
                places[lane] = lanes.count
                lanes.append([index])
            }
        }
        return lanes
    }
}
