// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Observation: the audit", .timeLimit(.minutes(10)))
struct AuditTests {
    private let journal = Journal()
    private let log = EventLog()

    private func pipeline(
        _ batches: [SourceBatch],
        traits: SourceTraits = SourceTraits(),
        through functions: [any RecordFunction] = [],
        to sinks: [NamedSink],
        onError: ErrorTolerance = .deadLetter
    ) -> Pipeline {
        var options = DeliveryOptions()
        options.onError = onError
        options.retry = .never
        let script = Script(batches)
        return Pipeline(
            "p",
            from: ScriptedSource(journal: journal, traits: traits, onPoll: { _ in try await script.next() }),
            through: functions,
            to: sinks,
            offsets: InMemoryOffsetStore(),
            deadLetters: .store(InMemoryDeadLetterStore()),
            options: options,
            observer: .events { log.note($0) }
        )
    }

    private func sink(_ onPut: @escaping @Sendable (RecordBatch) async throws -> PutResult) -> ScriptedSink {
        ScriptedSink(journal: journal, onPut: onPut)
    }

    /// Numbers that fall on 1 are filtered, on 2 rejected, on 3 dropped, on 4 split.
    private static let judge: @Sendable (RecordBatch) -> PutResult = { batch in
        let bad = batch.indices.filter { batch[$0].text.hasSuffix("2") || batch[$0].text.hasSuffix("3") }
        let error = ConnectorError(.invalidRecord, "bad")
        return .verdicts(
            Dictionary(
                uniqueKeysWithValues: bad.map { ($0, batch[$0].text.hasSuffix("2") ? .reject(error) : .drop) }
            )
        )
    }

    private static let functions: [any RecordFunction] = [
        .filter { !$0.text.hasSuffix("1") },
        InlineFunction { record in
            record.text.hasSuffix("4") ? .split([record, record]) : .record(record)
        },
    ]

    @Test(
        "G14: every record is accounted for, in each partition",
        arguments: [SourceTraits.PositionKeeper.offsetStore, .nobody],
        [1, 2]
    )
    func outcomes(positions: SourceTraits.PositionKeeper, sinkCount: Int) async throws {
        let (a, b) = (RecordPartition("a"), RecordPartition("b"))
        let sinks = (0..<sinkCount).map { NamedSink("s\($0)", sink { Self.judge($0) }) }
        let pipeline = pipeline(
            [
                SourceBatch(records(1...10, partition: a) + records(1...4, partition: b)),
                SourceBatch(records(11...15, partition: a)),
            ],
            traits: SourceTraits(positions: positions),
            through: Self.functions,
            to: sinks
        )
        try await pipeline.run()
        let audit = pipeline.audit
        #expect(audit.isBalanced && audit.totals.inFlight == 0, "\(audit.faults)")
        #expect(
            audit.partitions[a]?.description
                == "15 polled, 9 delivered, 2 filtered, 2 dead-lettered, 2 dropped, 0 lost, 0 in flight"
        )
        #expect(
            audit.partitions[b]?.description
                == "4 polled, 1 delivered, 1 filtered, 1 dead-lettered, 1 dropped, 0 lost, 0 in flight"
        )
        #expect(audit.totals.polled == 19)
        #expect(log.first(.audit)?.level == .debug && log.first(.audit)?.records == 19)
    }

    @Test("G14: at any time: what a put has before it is in flight", arguments: [false, true])
    func inFlight(hasFunction: Bool) async throws {
        let gate = Gate()
        let pipeline = pipeline(
            [SourceBatch(records(1...3)), SourceBatch(records(4...7))],
            through: hasFunction ? [.filter { $0.text != "5" }] : [],
            to: [
                NamedSink("a", sink { _ in .delivered }),
                NamedSink(
                    "b",
                    sink { batch in
                        if batch.contains(where: { $0.text == "4" }) { try await gate.pass() }
                        return .delivered
                    }
                ),
            ]
        )
        async let counts = pipeline.run()
        await gate.arrivals()
        let audit = pipeline.audit
        #expect(audit.isBalanced, "\(audit.faults)")
        // Whether the two batches were put together is up to the tasks.
        #expect(audit.totals.polled == 7 && [4, 7].contains(audit.totals.inFlight))
        gate.open()
        _ = try await counts
        #expect(pipeline.audit.totals.inFlight == 0 && pipeline.audit.isBalanced)
    }

    @Test(
        "G14: a run that stops in front of a bad record leaves it, and what is behind it, in flight",
        arguments: 0..<3
    )
    func stopping(place: Int) async throws {
        let functions: [any RecordFunction] = [
            .filter {
                if place == 0, $0.text == "3" { throw ConnectorError(.invalidRecord, "bad") }
                return $0.text != "1"
            }
        ]
        let sink = sink { batch in
            if place == 1 { return .verdicts([0: .reject(ConnectorError(.invalidRecord, "bad"))]) }
            if place == 2 { throw ConnectorError(.fatal, "broken") }
            return .delivered
        }
        let pipeline = pipeline(
            [SourceBatch(records(1...5))],
            through: functions,
            to: [NamedSink("s", sink)],
            onError: .stop
        )
        #expect(await failure(of: pipeline) != nil)
        let audit = pipeline.audit
        #expect(audit.isBalanced, "\(audit.faults)")
        #expect(audit.totals.polled == 5 && audit.totals.inFlight > 0)
        #expect(log.first(.audit)?.level == .debug)
    }

    @Test("G14: partitions that are forgotten are summed up", arguments: [false, true])
    func forgotten(isIndividual: Bool) async throws {
        let count = 3 * Int64(Ledger.partitionsKeptWhenIdle)
        let batches = (0..<count / 64).map { batch in
            SourceBatch(
                (Int64(0)..<64).flatMap { records(1...1, partition: RecordPartition("p\(batch * 64 + Int64($0))")) }
            )
        }
        var options = DeliveryOptions()
        options.maxUncommittedRecords = 100
        let script = Script(batches)
        let source = ScriptedSource(journal: journal, onPoll: { _ in try await script.next() })
        let pipeline = Pipeline(
            "p",
            from: isIndividual ? IndividualSource(script: script) : source as any Source,
            to: ScriptedSink(journal: journal),
            offsets: InMemoryOffsetStore(),
            options: options
        )
        try await pipeline.run()
        let audit = pipeline.audit
        #expect(audit.isBalanced && audit.totals.delivered == Int(count), "\(audit.faults.prefix(3))")
        #expect(audit.partitions.count + audit.forgottenPartitions == Int(count))
        #expect(audit.forgottenPartitions >= Ledger.partitionsKeptWhenIdle)
    }

    @Test(
        "G14: figures that do not add up are told, naming them",
        arguments: [\DeliveryAudit.Figures.polled, \.delivered, \.lost, \.inFlight]
    )
    func mismatch(figure: any WritableKeyPath<DeliveryAudit.Figures, Int> & Sendable) {
        var good = DeliveryAudit.Figures()
        good.polled = 7
        good.delivered = 5
        good.inFlight = 2
        var bad = good
        bad[keyPath: figure] += 1
        func audit(_ totals: DeliveryAudit.Figures, _ partition: DeliveryAudit.Figures) -> DeliveryAudit {
            DeliveryAudit(
                totals: totals,
                partitions: [.single: partition],
                forgotten: DeliveryAudit.Figures(),
                forgottenPartitions: 0,
                undelivered: 0
            )
        }
        #expect(audit(good, good).isBalanced)
        #expect(audit(bad, good).faults.first?.contains("\(bad)") == true)
        #expect(audit(good, bad).faults.first?.contains("\(bad)") == true)
        var offset = good
        offset[keyPath: figure] -= 10
        offset.filtered += figure == \.polled ? -10 : 10
        #expect(!audit(offset, offset).isBalanced, "what makes up for a negative figure is no balance")
    }
}

/// A source whose records are acknowledged one by one.
private struct IndividualSource: AcknowledgingSource {
    let script: Script
    var traits: SourceTraits { SourceTraits(acknowledgement: .individual, positions: .upstream) }

    func poll(_ request: PollRequest) async throws -> SourceBatch { try await script.next() }
    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws {}
}
