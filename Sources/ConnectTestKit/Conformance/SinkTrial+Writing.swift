// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

extension SinkTrial {
    static let writing: [ConformanceCheck<SinkTrial>] = [
        .init("sink.order", "every record is there once, in the order of its lane") { try await $0.checkOrder() },
        .init("sink.flush", "what was put is durable when flush has returned, or put where the traits say so") {
            try await $0.checkFlush()
        },
        .init("sink.empty", "an empty put and a flush of nothing do no harm") { try await $0.checkEmpty() },
        .init("sink.large", "a large batch is written whole") { try await $0.checkLarge() },
        .init("sink.data", "data of every kind is written, or refused with a reason") { try await $0.checkData() },
        .init("sink.concurrent", "as many puts as the traits allow can run at the same time") {
            try await $0.checkConcurrent()
        },
        .init("sink.put.cancelled", "a cancelled put returns in time and leaves nothing half") {
            try await $0.checkCancelledPut()
        },
        .init("sink.flush.cancelled", "a cancelled flush returns in time and can be made again") {
            try await $0.checkCancelledFlush()
        },
    ]

    private func checkOrder() async throws {
        let session = try await session()
        let batches = [batch(5), batch(1), batch(10)]
        for batch in batches { try await session.put(batch) }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            batches.joined(),
            isOrdered: session.isOrdered,
            advice: "apply the records of a batch in their order, and each of them once"
        )
    }

    private func checkFlush() async throws {
        let session = try await session()
        var records: [ConnectorRecord] = []
        for _ in 0..<2 {
            let batch = batch(3)
            records += batch
            try await session.put(batch)
            // As the runner does, which trusts what a plain sink says of itself.
            let isDurable = session.sink.traits.isDurableOnPut && !session.isExact
            if !isDurable { try await session.flush() }
            try await expectDurable(
                records,
                isOrdered: session.isOrdered,
                advice: isDurable
                    ? "make what was put durable before put returns, or leave isDurableOnPut out of the traits"
                    : "return from flush when everything that was put is durable, not before"
            )
        }
        try await session.end()
    }

    private func checkEmpty() async throws {
        let session = try await session()
        try await session.flush()
        try await session.put([])
        try await session.flush()
        let records = batch(2)
        try await session.put(records)
        try await session.put([])
        try await session.flush()
        try await session.flush()
        try await session.end()
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            advice: "do nothing for a batch without records, and flush as often as asked"
        )
    }

    private func checkLarge() async throws {
        let session = try await session()
        let records = batch(1500)
        try await session.put(records)
        try await session.flush()
        try await session.end()
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            advice: "divide a batch that is too large for one request of the system, and write all of it"
        )
    }

    private func checkData() async throws {
        let session = try await session()
        var delivered = 0
        for (name, data) in try Self.kinds {
            var record = ConnectorRecord(data)
            record.key = .text(name)
            record.headers = [RecordHeader("h", SharedBytes(utf8: "1")), RecordHeader("h", SharedBytes(utf8: "2"))]
            let before = try await session.checkpoint()
            switch try await caller.attempt("put", session.putting([placed(record, in: name)])) {
            case .success(let result) where result.isDelivered: delivered += 1
            case .success(let result): try expectRefusal(of: name, result.exceptions[0].verdict)
            case .failure(let error as ConnectorError) where error.code == .invalidRecord:
                try await session.restore(before)
            case .failure(let error): throw Self.wrongRefusal(of: name, "the error '\(error)'")
            }
        }
        try await session.put([record(in: "a")])
        try await session.flush()
        try await session.end()
        let count = try await durable().count
        guard count != delivered + 1 else { return }
        throw Finding.broken(
            expected: "\(delivered + 1) items, one for each record that was delivered",
            seen: "\(count)",
            advice: "write each record of which put says that it was delivered, and no other"
        )
    }

    private static var kinds: [(String, RecordData)] {
        get throws {
            [
                ("text", .text("größer, 大きい, 🪁")), ("empty", .text("")), ("absent", .absent),
                ("binary", .bytes([0, 255, 254, 128])), ("long", .text(String(repeating: "long ", count: 40_000))),
                ("json", try .json(SharedBytes(utf8: #"{"a":[1,2.50,null]}"#))), ("null", .structured(.null)),
                (
                    "object",
                    .structured(.object(["name": .string("n"), "list": .array([.boolean(true), .integer(7)])]))
                ),
            ]
        }
    }

    private func expectRefusal(of name: String, _ verdict: RecordVerdict) throws {
        switch verdict.kind {
        case .drop: return
        case .reject where verdict.error?.code == .invalidRecord: return
        default: throw Self.wrongRefusal(of: name, "the verdict \(verdict.kind)")
        }
    }

    private static func wrongRefusal(of name: String, _ seen: String) -> Finding {
        .broken(
            expected: "a record with the data '\(name)' to be delivered, or to be rejected with invalidRecord",
            seen: seen,
            advice: "no record is a reason to stop, or to try it again for ever"
        )
    }

    private func checkConcurrent() async throws {
        // Nothing is started for a check that does not apply.
        let idle = try await unstarted()
        let most = min(16, idle.sink.traits.maxConcurrentPuts)
        try need(most > 1, "the sink's traits say one put at a time")
        try need(idle.keeping == nil, "a sink that keeps positions is given one put at a time")
        let session = try await session()
        let batches = (0..<most * 3).map { batch(3, of: ["lane\($0 % most)"]) }
        for round in 0..<3 {
            // Each on a thread of its own, so that they do run side by side.
            let puts = batches[round * most..<(round + 1) * most].map {
                Caller(limits: limits).begin(session.putting($0))
            }
            for put in puts {
                guard let outcome = await put.outcome(within: limits.call) else { throw caller.hung("put") }
                guard case .success(let result) = outcome, result.isDelivered else {
                    throw Finding.broken(
                        expected: "\(most) puts at the same time to deliver their records",
                        seen: "\(outcome)",
                        advice: "let them run side by side, or lower maxConcurrentPuts in the traits"
                    )
                }
            }
        }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            batches.joined(),
            isOrdered: session.isOrdered,
            advice: "keep the puts that run at the same time apart from each other"
        )
    }

    private func checkCancelledPut() async throws {
        let session = try await session()
        var records: [ConnectorRecord] = []
        for pause in [nil, Duration.zero, .milliseconds(1)] {
            let batch = batch(20)
            records += batch
            let before = try await session.checkpoint()
            switch try await caller.cancelled("put", after: pause, session.putting(batch)) {
            case .success(let result):
                let rest = try result.exceptions.map { try record($0, of: batch) }
                if !rest.isEmpty { try await session.put(session.keeping == nil ? rest : batch) }
            case .failure:
                try await session.reconnect()
                try await session.restore(before)
                if !session.keepsPositions(behind: batch) { try await session.put(batch) }
            }
        }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            mayRepeat: !session.isExact,
            advice: "apply a record wholly or not at all, also when put is cancelled between two of them"
        )
    }

    private func record(_ entry: PutResult.Entry, of batch: [ConnectorRecord]) throws -> ConnectorRecord {
        guard batch.indices.contains(entry.index) else {
            throw Finding.broken(
                expected: "verdicts of the \(batch.count) records of the batch",
                seen: "one of a record \(entry.index)",
                advice: "count the records of a batch from 0, also when put is cancelled"
            )
        }
        return batch[entry.index]
    }

    private func checkCancelledFlush() async throws {
        let session = try await session()
        let records = batch(3)
        try await session.put(records)
        for pause in [nil, Duration.zero] {
            _ = try await caller.cancelled("flush", after: pause) { [sink = session.sink] in try await sink.flush() }
        }
        if let sink = session.keeping {
            _ = try await caller.cancelled("positions") { try await sink.positions(in: SinkSession.scope) }
        }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            records,
            isOrdered: session.isOrdered,
            advice: "let a flush that was cancelled be made again"
        )
    }
}
