// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Puts the records of a page into one sink until each has an outcome.
///
/// One put at a time, in order: what has to wait for another attempt holds back everything behind it, so that no lane
/// is put out of order.
struct RedriveDelivery {
    typealias Item = RedrivePage.Item

    private(set) var items: [Item]
    private let worker: SinkWorker
    private let retrier: Retrier
    /// The most records in one put, while a bad one among them is looked for.
    private var limit = Int.max
    /// Failures of the connection, which say nothing about the records.
    private var outage = Retrier.Failures()

    init(_ items: [Item], to worker: SinkWorker, _ retrier: Retrier) {
        self.items = items
        self.worker = worker
        self.retrier = retrier
    }

    /// Returns when every record has an outcome.
    ///
    /// - Throws: what the sink failed with where that says nothing about the records; `CancellationError`.
    mutating func run() async throws {
        while let batch = nextBatch() {
            try Task.checkCancellation()
            let report = await worker.put(PutJob(records: batch.map { items[$0].record }), retrier.clock)
            switch report.result {
            case .delivered:
                for index in batch { items[index].outcome = .delivered }
                noteSuccess()
            case .verdicts(let entries):
                noteSuccess()
                try await take(entries, of: batch)
            case .failed(let error):
                try await take(error, of: batch)
            }
        }
    }

    private func nextBatch() -> [Int]? {
        let preferred = worker.connector.traits.preferredBatch
        let count = min(limit, max(preferred.maxRecords ?? .max, 1))
        var batch: [Int] = []
        var bytes = 0
        for index in items.indices where items[index].outcome == nil && batch.count < count {
            bytes += items[index].record.heldCount
            if !batch.isEmpty, let maxBytes = preferred.maxBytes, bytes > maxBytes { break }
            batch.append(index)
        }
        return batch.isEmpty ? nil : batch
    }

    private mutating func noteSuccess() {
        outage = Retrier.Failures()
        limit = limit > Int.max / 2 ? .max : limit * 2
    }

    // MARK: Verdicts

    private mutating func take(_ entries: [PutResult.Entry], of batch: [Int]) async throws {
        let listed = entries.filter { batch.indices.contains($0.index) }
        var pause = Duration.zero
        var isProgress = false
        // With a verdict a position-keeping sink has applied nothing: the others are put again without these.
        if !worker.keepsPositions {
            let exceptions = Set(listed.map(\.index))
            for place in batch.indices where !exceptions.contains(place) {
                items[batch[place]].outcome = .delivered
                isProgress = true
            }
        }
        for entry in listed where entry.verdict.kind != .notTried {
            isProgress = true
            pause = max(pause, take(entry.verdict, of: batch[entry.index]))
        }
        if !isProgress { pause = take(.retry(nil), of: batch[0]) }
        if pause > .zero { try await retrier.clock.sleep(for: pause) }
    }

    /// How long to wait before the next attempt.
    private mutating func take(_ verdict: RecordVerdict, of index: Int) -> Duration {
        switch verdict.kind {
        case .delivered:
            if !worker.keepsPositions { items[index].outcome = .delivered }
        case .notTried: break
        case .drop: items[index].outcome = .dropped
        case .reject:
            items[index].failures.faults.count += 1
            let reason = verdict.error ?? ConnectorError(.invalidRecord, "the \(worker.name) rejected it")
            items[index].outcome = .failed(reason)
        case .retry:
            var error = verdict.error ?? ConnectorError(.retryable, "the \(worker.name) did not accept it")
            if !error.isPassing { error.code = .retryable }
            error.retryAfter = verdict.delay ?? error.retryAfter
            return retry(index, after: error)
        }
        return .zero
    }

    /// How long to wait before a record is put again; it has failed where that may not be.
    private mutating func retry(_ index: Int, after error: ConnectorError) -> Duration {
        if let delay = retrier.delay(after: error, &items[index].failures) { return delay }
        items[index].outcome = .failed(error)
        return .zero
    }

    // MARK: Errors

    /// An error speaks for the whole batch.
    private mutating func take(_ error: ConnectorError, of batch: [Int]) async throws {
        try Task.checkCancellation()
        switch error.code {
        case .invalidRecord where batch.count > 1:
            limit = batch.count / 2
        case .invalidRecord:
            items[batch[0]].failures.faults.count += 1
            items[batch[0]].outcome = .failed(error)
        case .retryable:
            var pause = Duration.zero
            for index in batch { pause = max(pause, retry(index, after: error)) }
            if pause > .zero { try await retrier.clock.sleep(for: pause) }
        default:
            try await retrier.pause(after: error, &outage, "put", worker.name)
        }
    }
}
