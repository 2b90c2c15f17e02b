// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@Suite("Sources with one flaw, each caught by the check that is meant for it", .timeLimit(.minutes(240)))
struct FlawedSourceTests {
    /// A flaw, the check that has to find it, and those that may find it, too, because they rest on the same promise.
    struct Case: Sendable, CustomTestStringConvertible {
        let flaw: SourceFlaw
        let check: String
        var others: Set<String> = []
        var options = ModelSource.Options()

        init(
            _ flaw: SourceFlaw,
            _ check: String,
            _ others: Set<String> = [],
            _ change: (inout ModelSource.Options) -> Void = { _ in }
        ) {
            self.flaw = flaw
            self.check = "source." + check
            self.others = Set(others.map { "source." + $0 })
            options.flaw = flaw
            change(&options)
        }

        var testDescription: String { "\(flaw) by \(check)" }
    }

    static let cases: [Case] = [
        Case(.stopsOnlyWhatWasStarted, "unstarted"),
        Case(.startIgnoresCancellation, "start.cancelled"),
        Case(.stopHangsWhenCancelled, "stop.cancelled"),
        Case(.leaksTask, "released"),
        Case(.taskIgnoresCancellation, "released", ["stop.cancelled"]),
        Case(.taskFails, "released", ["stop.cancelled"]),
        Case(.leaksDescriptor, "descriptors"),
        Case(
            .startsFromScratch,
            "resume",
            ["restart", "foreignOffset", "poll.keeps", "commit", "commit.order", "rejected"]
        ),
        Case(.swapsRecords, "order"),
        Case(.repeatsRecord, "order"),
        Case(.losesRecord, "order"),
        Case(.offsetOfBatch, "positions", ["resume", "replay", "commit", "commit.order"]),
        Case(.offsetsInsideUnits, "positions", ["replay", "commit", "commit.order"]) { $0.unitSize = 3 },
        Case(.noOffsetAtUnitEnd, "positions", ["resume", "poll.keeps", "commit", "commit.order"]),
        Case(.markInsideUnit, "positions", ["resume"]) {
            $0.unitSize = 3
            $0.marks = true
        },
        Case(.markTooFar, "resume") { $0.marks = true },
        Case(.trims, "data"),
        Case(.dropsEmpty, "data"),
        Case(.ignoresMaxRecords, "maxRecords", ["poll.keeps"]),
        Case(.ignoresMaxBytes, "maxBytes"),
        Case(.largeRecordNeverComes, "maxBytes"),
        Case(.returnsNothing, "idle"),
        Case(.blocks, "idle", ["more", "commit.concurrent", "heldBack"]),
        Case(.spins, "idle"),
        Case(.endsWhenIdle, "idle", ["more", "end", "commit.concurrent"]),
        Case(.looksOnce, "more", ["commit.concurrent", "end", "heldBack"]),
        Case(.neverEnds, "end"),
        Case(.endsEarly, "end"),
        Case(.resumesTooEarly, "resume", ["restart", "poll.keeps", "rejected", "commit", "commit.order"]),
        Case(.resumesTooLate, "resume", ["restart", "poll.keeps", "rejected", "commit", "commit.order"]),
        Case(.countsFromItsStart, "resume", ["poll.keeps"]),
        Case(.idsOfTheMoment, "replay"),
        Case(.takesForeignOffset, "foreignOffset"),
        Case(.cancellationIsFatal, "poll.cancelled"),
        Case(.ignoresCancellation, "poll.cancelled"),
        Case(.cancelledPollLoses, "poll.keeps", ["poll.cancelled"]),
        Case(.outageIsFatal, "unreachable", ["reconnect"]),
        Case(.outageIsSilent, "unreachable", ["reconnect"]),
        Case(.losesAfterOutage, "reconnect"),
        Case(.losesAfterOutage, "reconnect") { $0.keeper = .upstream },
        Case(.skipsBadInput, "rejected"),
        Case(.throwsForBadInput, "rejected"),
        Case(.rejectsBeforeInput, "rejected"),
        Case(.wrongRejectedIndex, "rejected"),
        Case(.badInputIsRetryable, "rejected"),
        Case(.commitOnce, "commit"),
        Case(.commitIgnoresCancellation, "commit"),
        Case(.commitGoesBack, "commit.order") { $0.keeper = .upstream },
        Case(.commitWaitsForPoll, "commit.concurrent"),
        Case(.forgetsCommits, "resume", ["restart", "poll.keeps", "commit", "commit.order"]) { $0.keeper = .upstream },
        Case(
            .onePartition,
            "partitions",
            ["resume", "restart", "poll.keeps", "commit", "commit.order", "heldBack", "positions"]
        ),
        Case(.ignoresHeldBack, "heldBack"),
        Case(.staysHeldBack, "heldBack"),
        Case(.notAssigned, "assigned") {
            $0.isDynamic = true
            $0.keeper = .upstream
        },
        Case(.notRevoked, "revoke") { $0.isDynamic = true },
        Case(.readsRevoked, "revoke", ["lost"]) { $0.isDynamic = true },
        Case(.lossUnnoticed, "lost") { $0.isDynamic = true },
    ]

    @Test("a flaw of a source is caught", arguments: cases)
    func source(_ flawed: Case) async {
        await expectCaught(by: flawed.check, alsoBy: flawed.others) { names in
            await SourceConformance("\(flawed.flaw)", limits: .flawed) {
                let upstream = ModelUpstream()
                var subject = upstream.subject { ModelSource(upstream, flawed.options) }
                subject.unitSize = flawed.options.unitSize
                return subject
            }.run(only: names)
        }
    }

    static let queueCases: [(QueueFlaw, String, Set<String>)] = [
        (.everythingIsDelivered, "source.acknowledge", []),
        (.acknowledgesOnce, "source.acknowledge", []),
        (.acknowledgesInOrder, "source.acknowledge", []),
        (.acknowledgeIgnoresCancellation, "source.acknowledge", []),
        (.recordsHaveNoOffset, "source.positions", []),
        (
            .forgetsUnacknowledged, "source.resume",
            ["source.poll.keeps", "source.stop.cancelled", "source.end", "source.restart"]
        ),
        (.forgetsAcknowledgements, "source.resume", ["source.acknowledge", "source.restart", "source.poll.keeps"]),
    ]

    @Test("a flaw of a queue is caught", arguments: queueCases)
    func queue(_ flaw: QueueFlaw, _ check: String, _ others: Set<String>) async {
        await expectCaught(by: check, alsoBy: others) { names in
            await SourceConformance("\(flaw)", limits: .flawed) { ModelQueue.subject(flaw) }.run(only: names)
        }
    }

    static let shardsCases: [(ShardsFlaw, String, Set<String>)] = [
        (
            .readersBeginAnew, "source.readers",
            ["source.resume", "source.restart", "source.foreignOffset", "source.poll.keeps"]
        ),
        (
            .readersReadAll, "source.readers",
            ["source.resume", "source.poll.keeps", "source.partitions", "source.end", "source.positions"]
        ),
        (.listsTwice, "source.readers", []),
        (.ignoresCancellation, "source.poll.cancelled", ["source.poll.keeps"]),
    ]

    @Test("a flaw of a partitioned source is caught", arguments: shardsCases)
    func shards(_ flaw: ShardsFlaw, _ check: String, _ others: Set<String>) async {
        await expectCaught(by: check, alsoBy: others) { names in
            await SourceConformance("\(flaw)", limits: .flawed) { ModelShards.subject(flaw) }.run(only: names)
        }
    }
}
