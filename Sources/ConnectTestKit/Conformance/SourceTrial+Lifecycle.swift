// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension SourceTrial {
    /// All checks of a source, in the order of the report.
    static let checks = lifecycle + reading + resuming + failing + settling + partitions

    private static let lifecycle: [ConformanceCheck<SourceTrial>] = [
        .init("source.unstarted", "an instance that was never started can be stopped") {
            try await $0.checkUnstarted()
        },
        .init("source.restart", "a second instance reads on where the first was stopped") {
            try await $0.checkRestart()
        },
        .init("source.start.cancelled", "a cancelled start returns in time, and stop releases what it took") {
            try await $0.checkCancelledStart()
        },
        .init("source.stop.cancelled", "stop returns and releases everything also where its task is cancelled") {
            try await $0.checkCancelledStop()
        },
        .init("source.released", "nothing of an instance goes on or stays in memory after its stop") {
            try await $0.checkReleased()
        },
        .init("source.descriptors", "no file descriptor stays open after stop") { try await $0.checkDescriptors() },
        .init("source.settings", "settings that are missing, unknown or wrong are refused by name") {
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
        try await write(units: 2)
        let session = try await session()
        try expect(try await session.read(itemCount).records)
        try await session.end()
    }

    private func checkRestart() async throws {
        try await write(units: 3)
        let first = try await session()
        let records = try await first.read(itemCount).records
        if subject.growsWhileRead {
            let committed = try await first.settle(records)
            try await first.end()
            let starts = try starts(behind: first.wholeUnits(of: records))
            try await write(units: 2)
            let second = try await session(from: committed)
            try expect(try await second.read(itemCount - records.count).records, from: starts)
            try await second.end()
        } else {
            try await first.end()
            try need(first.base.traits.isReplayable, "what was read cannot be read again, and nothing can be added")
            let second = try await session()
            try expect(try await second.read(itemCount).records)
            try await second.end()
        }
    }

    private func checkCancelledStart() async throws {
        try await write(units: 2)
        for pause in [nil, Duration.zero, .milliseconds(1)] {
            let session = try await unstarted()
            _ = try await caller.cancelled("start", after: pause, session.starting())
            try await session.end()
        }
        let session = try await session()
        try expect(try await session.read(itemCount).records)
        try await session.end()
    }

    private func checkCancelledStop() async throws {
        try await write(units: 2)
        let first = try await session()
        sessions.noteStopping(first)
        let stop = caller.begin(isCancelled: true) { [source = first.source] in await source.stop() }
        guard await stop.outcome(within: limits.cancellation) != nil else { throw caller.ignoresCancellation("stop") }
        let complaints = await first.host.endTasks(within: limits.cancellation)
        guard complaints.isEmpty else { throw Self.goesOn(complaints.joined(separator: "; ")) }
        let second = try await session()
        try expect(try await second.read(itemCount).records)
        try await second.end()
    }

    private func checkReleased() async throws {
        try await write(units: 2)
        // The second instance takes the place of the first where the subject itself holds on to the newest one.
        let first = try await useOnce()
        let second = try await useOnce(reads: false)
        try need(first.isObject, "nothing ran beside the source, and a value cannot be watched")
        if first.hasSameObject(as: second) {
            throw Finding.notApplicable("nothing ran beside the source, and the subject makes one instance only")
        }
        let deadline = ContinuousClock.now + limits.cancellation
        while !first.isReleased {
            guard ContinuousClock.now < deadline else {
                throw Self.goesOn("the instance still in memory \(limits.cancellation) after its stop")
            }
            try await Task.sleep(for: .milliseconds(1))
        }
    }

    private func useOnce(reads: Bool = true) async throws -> WeakConnector {
        let session = try await session()
        if reads { _ = try await session.read(itemCount) }
        let complaints = try await session.end()
        guard complaints.isEmpty else { throw Self.goesOn(complaints.joined(separator: "; ")) }
        return WeakConnector(session.base)
    }

    private static func goesOn(_ seen: String) -> Finding {
        .broken(
            expected: "nothing to be left of a stopped source",
            seen: seen,
            advice:
                "run what must run beside it with the context's addTask, obey cancellation there, and await it in stop"
        )
    }

    private func checkDescriptors() async throws {
        try await write(units: 1)
        let leak = try await OpenDescriptors.leak {
            let session = try await session()
            // There may be nothing to read; a poll that waits for it is cancelled.
            let poll = session.beginPoll(PollRequest(maxRecords: 1))
            if await poll.outcome(within: .milliseconds(5)) == nil { poll.cancel() }
            let isOver = await poll.outcome(within: limits.cancellation) != nil
            try need(isOver, "a cancelled poll does not return")
            let complaints = try await session.end()
            try need(complaints.isEmpty, "what runs beside the source does not end")
        }
        guard let leak else { return }
        throw Finding.broken(
            expected: "no file descriptor to stay open",
            seen: "\(leak) more after each start and stop",
            advice: "close in stop what start and poll have opened"
        )
    }
}
