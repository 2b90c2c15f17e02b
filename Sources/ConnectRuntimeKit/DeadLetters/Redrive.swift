// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// One redrive of a pipeline's dead letters.
final class Redrive: Sendable {
    private let pipeline: Pipeline
    private let store: any DeadLetterStore
    private let selection: DeadLetterSelection
    private let pageSize: Int
    private let tasks = TaskHost()
    private let retrier: Retrier
    private let breakage = Breakage()

    init(
        _ pipeline: Pipeline,
        _ store: any DeadLetterStore,
        _ selection: DeadLetterSelection,
        pageSize: Int = 256
    ) {
        self.pageSize = pageSize
        self.pipeline = pipeline
        self.store = store
        self.selection = selection
        retrier = Retrier(
            options: pipeline.options,
            clock: pipeline.clock,
            randomness: pipeline.randomness,
            stop: StopSignal(),
            events: pipeline.events,
            calls: CallRegister(pipeline.clock),
            spans: SpanSender(pipeline.name, pipeline.clock)
        )
    }

    /// Does everything as children of one group, so that nothing outlives the call.
    @concurrent
    func execute() async throws -> RedriveCounts {
        tasks.onFailure { [breakage] in breakage.note($0) }
        return try await withThrowingTaskGroup(of: RedriveCounts?.self) { group in
            group.addTask { [tasks] in
                await tasks.run()
                return nil
            }
            group.addTask { [breakage] in
                try await breakage.wait()
                return nil
            }
            group.addTask { try await self.deliver() }
            defer { group.cancelAll() }
            while let counts = try await group.next() {
                if let counts { return counts }
            }
            throw CancellationError()
        }
    }

    /// Delivers the letters, and stops in reverse whatever was started.
    private func deliver() async throws -> RedriveCounts {
        var sinks = RedriveSinks(
            pipeline,
            host: PipelineHost(tasks: tasks, events: pipeline.events),
            retrier: retrier
        )
        var counts = RedriveCounts()
        var failure: (any Error)?
        do {
            try await deliver(through: &sinks, &counts)
        } catch {
            failure = error
        }
        do {
            try await sinks.stop()
        } catch {
            failure = failure ?? error
        }
        if let failure { throw failure }
        return counts
    }

    private func deliver(through sinks: inout RedriveSinks, _ counts: inout RedriveCounts) async throws {
        let begin = RecordTimestamp.now
        var notices = RedriveNotices()
        var last: DeadLetterKey?
        let limit = selection.limit ?? .max
        while true {
            try Task.checkCancellation()
            let start = last
            let letters = try await retrier.run("read", of: "dead letter store") {
                try await store.read(after: start, atMost: pageSize)
            }
            guard let end = letters.last else { break }
            last = end.key
            var selected = letters.filter {
                $0.letter.pipeline == pipeline.name && selection.contains($0.letter)
                    && !$0.letter.hasFailed(since: begin)
            }[...]
            while !selected.isEmpty, counts.tried < limit {
                let page = Array(selected.prefix(limit - counts.tried))
                selected = selected.dropFirst(page.count)
                try await redrive(page, through: &sinks, &counts, &notices)
            }
            if counts.tried >= limit { break }
        }
        notices.report(counts, pipeline.events)
    }

    /// Delivers one page, and removes from the store what was delivered.
    private func redrive(
        _ letters: [StoredDeadLetter],
        through sinks: inout RedriveSinks,
        _ counts: inout RedriveCounts,
        _ notices: inout RedriveNotices
    ) async throws {
        try await sinks.renew()
        let stage = FunctionStage(
            functions: pipeline.functions,
            sinks: pipeline.sinks.map(\.name),
            tolerance: .deadLetter,
            retrier: retrier
        )
        var page = RedrivePage(letters, sinks: pipeline.sinks.map(\.name))
        for index in letters.indices {
            guard page.isDeliverable(index, &notices) else { continue }
            page.plan(index, try await stage.apply(to: letters[index].letter.record), &notices)
        }
        for name in page.sinks {
            var delivery = RedriveDelivery(page.items(for: name), to: try await sinks.worker(name), retrier)
            try await delivery.run()
            page.note(delivery.items, for: name)
        }
        for name in page.sinks { try await sinks.flush(name) }
        try await settle(page, &counts)
    }

    /// Brings the store up to date. What failed is in it before anything is taken away, so that a crash in between
    /// repeats and does not lose.
    private func settle(_ page: RedrivePage, _ counts: inout RedriveCounts) async throws {
        let changes = page.changes(at: .now)
        if !changes.added.isEmpty {
            try await retrier.run("append", of: "dead letter store") { try await store.append(changes.added) }
        }
        if !changes.replaced.isEmpty {
            try await retrier.run("replace", of: "dead letter store") { try await store.replace(changes.replaced) }
        }
        if !changes.removed.isEmpty {
            try await retrier.run("remove", of: "dead letter store") { try await store.remove(changes.removed) }
        }
        counts.add(changes.counts)
    }
}

extension DeadLetter {
    /// Whether it was added, or failed again, while a redrive runs that began then; a clock that was wrong says nothing.
    fileprivate func hasFailed(since begin: RecordTimestamp) -> Bool {
        lastFailure >= begin && lastFailure <= .now
    }
}

/// Ends a redrive when something that runs beside a connector has failed.
private final class Breakage: Sendable {
    private let error = Lock<ConnectorError?>(nil)
    private let signal = StopSignal()

    func note(_ new: ConnectorError) {
        error.withLock { $0 = $0 ?? new }
        signal.request()
    }

    /// Returns when the task is cancelled; throws what has failed.
    func wait() async throws {
        await signal.wait()
        if let error = error.withLock({ $0 }) { throw error }
    }
}

extension RedriveCounts {
    fileprivate var tried: Int { total - kept }

    fileprivate mutating func add(_ other: RedriveCounts) {
        delivered += other.delivered
        filtered += other.filtered
        dropped += other.dropped
        failedAgain += other.failedAgain
        kept += other.kept
    }
}
