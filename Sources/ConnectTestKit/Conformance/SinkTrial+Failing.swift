// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SinkTrial {
    static let failing: [ConformanceCheck<SinkTrial>] = [
        .init("sink.unreachable", "an unreachable system is reported as notConnected, and stop works behind it") {
            try await $0.checkUnreachable()
        },
        .init("sink.outage", "a put that failed leaves nothing half, and can be made again") {
            try await $0.checkOutage()
        },
    ]

    private func needReachability() throws -> @Sendable (Bool) async throws -> Void {
        guard let setReachable = subject.setReachable else {
            throw Finding.notApplicable("the subject has no way to make its system unreachable")
        }
        return setReachable
    }

    private func checkUnreachable() async throws {
        let setReachable = try needReachability()
        try await caller.ask("setReachable") { try await setReachable(false) }
        let session = try await unstarted()
        let records = batch(2)
        var outcome = try await caller.attempt("start") { [sink = session.sink, start = session.starting()] in
            try await start()
            if let sink = sink as? any CheckpointingSink { try await sink.restore(nil) }
        }
        if case .success = outcome {
            outcome = try await caller.attempt("put", session.putting(records)).map { _ in }
        }
        if case .success = outcome {
            outcome = try await caller.attempt("flush") { [sink = session.sink] in try await sink.flush() }
        }
        try await session.end()
        try expectNotConnected(outcome)
        try await caller.ask("setReachable") { try await setReachable(true) }
        let later = try await self.session()
        try await later.put(batch(1))
        try await later.flush()
        try await later.end()
    }

    private func expectNotConnected(_ outcome: Result<Void, any Error>) throws {
        if case .failure(let error as ConnectorError) = outcome, error.code == .notConnected { return }
        let seen = if case .failure(let error) = outcome { "the error '\(error)'" } else { "no error" }
        throw Finding.broken(
            expected: "start, put or flush to throw a ConnectorError with the code notConnected",
            seen: seen,
            advice: "say notConnected, so that the runner waits for the system instead of giving up"
        )
    }

    private func checkOutage() async throws {
        let setReachable = try needReachability()
        let session = try await session()
        let records = batch(3)
        try await session.put(records)
        try await session.flush()
        let before = try await session.checkpoint()
        try await caller.ask("setReachable") { try await setReachable(false) }
        let more = batch(3)
        let outcome = try await caller.attempt("put and flush") { [sink = session.sink] in
            _ = try await session.putting(more)()
            try await sink.flush()
        }
        try expectNotConnected(outcome)
        try await caller.ask("setReachable") { try await setReachable(true) }
        try await session.reconnect()
        try await session.restore(before)
        if !session.keepsPositions(behind: more) { try await session.put(more) }
        try await session.flush()
        try await session.end()
        try await expectDurable(
            records + more,
            isOrdered: session.isOrdered,
            mayRepeat: !session.isExact,
            advice: "after a put that threw, be ready for the same records again"
        )
    }
}
