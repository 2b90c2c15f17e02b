// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Stores on a disk that fails", .timeLimit(.minutes(10)))
struct FaultyDiskTests {
    @Test(
        "S22 S28: a pipeline outlives a disk that fails for a while, and what is stored is old or new",
        arguments: [FaultyDisk.Fault.isFull, .failsToSynchronize, .tearsWrites(after: 0), .tearsWrites(after: 25)]
    )
    func offsets(fault: FaultyDisk.Fault) async throws {
        try await withTemporaryDirectory { directory in
            let disk = FaultyDisk()
            let store = disk.offsetStore(in: directory)
            let claim = try await store.claim(.of("p"))
            try await store.save(.at(3, in: "a"), under: claim.token)
            disk.begin(fault)
            let code = await code { try await store.save(.at(5, in: "a"), under: claim.token) }
            #expect(code == (fault == .isFull ? .throttled : .retryable))
            disk.recover()
            try await store.release(claim.token)
            let output = Output()
            let sink = ScriptedSink(
                journal: Journal(),
                onPut: { batch in
                    output.append(batch)
                    if output.count == 4 { disk.begin(fault) }
                    return .delivered
                }
            )
            let clock = ManualClock()
            let pipeline = Pipeline(
                "p",
                from: LogSource([.init("a", count: 12)], batch: 1),
                to: sink,
                offsets: store,
                options: .with {
                    $0.retry = .forever
                    $0.outage = .forever
                },
                clock: clock.connectorClock,
                observer: .events { if $0.message.hasPrefix("save") { disk.recover() } }
            )
            let counts = try await clock.ticking(by: .milliseconds(20)) { try await pipeline.run() }
            #expect(counts.committed == counts.polled)
            #expect(output.rows == (4..<12).map { "a\($0)" } || output.rows == (6..<12).map { "a\($0)" })
            let again = try await FileOffsetStore(directory: directory).claim(.of("p"))
            #expect(again.positions.map(\.position.offset) == [RecordOffset(11)])
        }
    }

    @Test("S83 G8: no position passes a record whose letter a full disk does not take")
    func letters() async throws {
        try await withTemporaryDirectory { directory in
            let disk = FaultyDisk()
            disk.begin(.isFull)
            let store = InMemoryOffsetStore()
            func pipeline(_ letters: FileDeadLetterStore) -> Pipeline {
                Pipeline(
                    "p",
                    from: LogSource([.init("a", count: 4)]),
                    to: FaultySink(
                        ScriptedSink(journal: Journal()),
                        FaultScript { $0.method == .put ? .rejects { $0.text == "a1" } : nil }
                    ),
                    offsets: store,
                    deadLetters: .store(letters),
                    options: .with {
                        $0.onError = .deadLetter
                        $0.outage = .never
                    }
                )
            }
            let full = disk.deadLetterStore(at: directory + "/letters")
            let failure = await failure(of: pipeline(full))
            await full.close()
            #expect(failure?.code == .throttled)
            #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(0)])
            disk.recover()
            let letters = disk.deadLetterStore(at: directory + "/letters")
            try await pipeline(letters).run()
            #expect(try await letters.read(after: nil, atMost: 10).map(\.letter.record.text) == ["a1"])
            #expect(try await store.stored("p").map(\.position.offset) == [RecordOffset(3)])
        }
    }
}
