// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SinkTrial {
    /// All checks of a sink, in the order of the report.
    static let checks = [lifecycle, writing, pipelining, judging, failing, checkpoints, positions].flatMap(\.self)

    private static let lifecycle: [ConformanceCheck<SinkTrial>] = [
        .init("sink.unstarted", "an instance that was never started can be stopped") { try await $0.checkUnstarted() },
        .init("sink.restart", "a second instance writes on behind what the first has written") {
            try await $0.checkRestart()
        },
        .init("sink.start.cancelled", "a cancelled start returns in time, and stop releases what it took") {
            try await $0.checkCancelledStart()
        },
        .init("sink.stop.cancelled", "stop returns and releases everything also where its task is cancelled") {
            try await $0.checkCancelledStop()
        },
        .init("sink.released", "nothing of an instance goes on or stays in memory after its stop") {
            try await $0.checkReleased()
        },
        .init("sink.descriptors", "no file descriptor stays open after stop") { try await $0.checkDescriptors() },
        .init("sink.settings", "settings that are missing, unknown or wrong are refused by name") {
            try await $0.checkSettings()
        },
    ]

    private func checkSettings() async throws {
        guard !subject.wrongSettings.isEmpty else {
            throw Finding.notApplicable("the subject has no settings that are wrong")
        }
        for (setting, make) in subject.wrongSettings.sorted(by: { $0.key < $1.key }) {
            try await caller.expectRefusal(of: setting, ConformanceHost([], caller.executor)) { try await make() }
        }
    }

    private func checkUnstarted() async throws {
        try await unstarted().stop()
        let session = try await session()
        try await session.put(batch(2))
        try await session.flush()
        try await session.end()
    }

    private func checkRestart() async throws {
        var records = batch(3)
        let first = try await session()
        try await first.put(records)
        try await first.flush()
        let checkpoint = try await first.checkpoint()
        try await first.end()
        let more = batch(2)
        let second = try await session(from: checkpoint)
        try await second.put(more)
        try await second.flush()
        try await second.end()
        records += more
        try await expectDurable(
            records,
            isOrdered: second.isOrdered,
            advice: "keep what an earlier instance has written, and write behind it"
        )
    }

    private func checkCancelledStart() async throws {
        for pause in [nil, Duration.zero, .milliseconds(1)] {
            let session = try await unstarted()
            _ = try await caller.cancelled("start", after: pause, session.starting())
            try await session.end()
        }
        let session = try await session()
        try await session.put(batch(2))
        try await session.flush()
        try await session.end()
    }

    private func checkCancelledStop() async throws {
        let records = batch(2)
        let first = try await session()
        try await first.put(records)
        try await first.flush()
        let checkpoint = try await first.checkpoint()
        sessions.noteStopping(first)
        let stop = caller.begin(isCancelled: true) { [sink = first.sink] in await sink.stop() }
        guard await stop.outcome(within: limits.cancellation) != nil else { throw caller.ignoresCancellation("stop") }
        let complaints = await first.host.endTasks(within: limits.cancellation)
        guard complaints.isEmpty else { throw Self.goesOn(complaints.joined(separator: "; ")) }
        let second = try await session(from: checkpoint)
        let more = batch(1)
        try await second.put(more)
        try await second.flush()
        try await second.end()
        try await expectDurable(
            records + more,
            isOrdered: second.isOrdered,
            advice: "release everything in stop, whether its task is cancelled or not"
        )
    }

    private func checkReleased() async throws {
        let (first, checkpoint) = try await useOnce(from: nil)
        // The second instance takes the place of the first where the subject itself holds on to the newest one.
        let (second, _) = try await useOnce(from: checkpoint)
        try need(first.isObject, "nothing ran beside the sink, and a value cannot be watched")
        if first.hasSameObject(as: second) {
            throw Finding.notApplicable("nothing ran beside the sink, and the subject makes one instance only")
        }
        let deadline = ContinuousClock.now + limits.cancellation
        while !first.isReleased {
            guard ContinuousClock.now < deadline else {
                throw Self.goesOn("the instance still in memory \(limits.cancellation) after its stop")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func useOnce(from checkpoint: SinkCheckpoint?) async throws -> (WeakConnector, SinkCheckpoint?) {
        let session = try await session(from: checkpoint)
        try await session.put(batch(1))
        try await session.flush()
        let checkpoint = try await session.checkpoint()
        let complaints = try await session.end()
        guard complaints.isEmpty else { throw Self.goesOn(complaints.joined(separator: "; ")) }
        return (WeakConnector(session.sink), checkpoint)
    }

    private static func goesOn(_ seen: String) -> Finding {
        .broken(
            expected: "nothing to be left of a stopped sink",
            seen: seen,
            advice:
                "run what must run beside it with the context's addTask, obey cancellation there, and await it in stop"
        )
    }

    private func checkDescriptors() async throws {
        var checkpoint: SinkCheckpoint?
        let leak = try await OpenDescriptors.leak {
            let session = try await session(from: checkpoint)
            try await session.put(batch(1))
            try await session.flush()
            checkpoint = try await session.checkpoint()
            let complaints = try await session.end()
            try need(complaints.isEmpty, "what runs beside the sink does not end")
        }
        guard let leak else { return }
        throw Finding.broken(
            expected: "no file descriptor to stay open",
            seen: "\(leak) more after each start and stop",
            advice: "close in stop what start and put have opened"
        )
    }
}
