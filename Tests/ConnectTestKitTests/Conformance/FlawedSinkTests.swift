// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@Suite("Sinks with one flaw, each caught by the check that is meant for it", .timeLimit(.minutes(240)))
struct FlawedSinkTests {
    /// What a flawed sink is, besides the flaw.
    enum Kind: Sendable { case plain, concurrent, pipelined, failing, checkpoints, positions }

    struct Case: Sendable, CustomTestStringConvertible {
        let flaw: SinkFlaw
        let kind: Kind
        let check: String
        let others: Set<String>

        init(_ flaw: SinkFlaw, _ check: String, _ others: Set<String> = [], _ kind: Kind = .plain) {
            self.flaw = flaw
            self.kind = kind
            self.check = "sink." + check
            self.others = Set(others.map { "sink." + $0 })
        }

        var testDescription: String { "\(flaw) by \(check)" }

        func sink(_ storage: ModelStorage) -> any Sink {
            switch kind {
            case .plain: ModelSink(storage, flaw)
            case .concurrent: ModelSink(storage, flaw, concurrent: 4)
            case .pipelined: ModelPipeline(storage, flaw)
            case .failing: ModelPipeline(storage, flaw, failsWhole: true)
            case .checkpoints: ModelCheckpointSink(storage, flaw)
            case .positions: ModelTableSink(storage, flaw)
            }
        }
    }

    static let cases: [Case] = [
        Case(.stopsOnlyWhatWasStarted, "unstarted"),
        Case(.startIgnoresCancellation, "start.cancelled"),
        Case(.stopHangsWhenCancelled, "stop.cancelled"),
        Case(.leaksTask, "released"),
        Case(.leaksDescriptor, "descriptors"),
        Case(.emptiesAtStart, "restart", ["stop.cancelled"]),
        Case(.reverses, "order"),
        Case(.losesRecord, "order"),
        Case(.repeatsRecord, "order"),
        Case(.flushesLater, "flush"),
        Case(.isDurableOnFlushOnly, "flush"),
        Case(.emptyPutThrows, "empty"),
        Case(.secondFlushThrows, "empty", ["flush.cancelled"]),
        Case(.cutsLargeBatch, "large"),
        Case(.textOnly, "data"),
        Case(.skipsAbsent, "data"),
        Case(.mixesConcurrentPuts, "concurrent", [], .concurrent),
        Case(.secondComesFirst, "pipelined", ["order", "pipelined.notTried"], .pipelined),
        Case(.goesOnBehindPending, "pipelined.notTried", [], .pipelined),
        Case(.goesOnBehindPending, "pipelined.notTried", [], .failing),
        Case(.putIgnoresCancellation, "put.cancelled"),
        Case(.cancelledPutIsHalf, "put.cancelled"),
        Case(.cancelledPutIsFatal, "put.cancelled"),
        Case(.cancelledPutMiscounts, "put.cancelled"),
        Case(.flushIgnoresCancellation, "flush.cancelled"),
        Case(.flushLosesWhenCancelled, "flush.cancelled"),
        Case(.indexIsOneTooHigh, "verdicts", ["notTried"]),
        Case(.wrongCode, "verdicts"),
        Case(.badIsDelivered, "verdicts", ["notTried"]),
        Case(.throwsFatalForBad, "verdicts"),
        Case(.goesOnBehindBad, "notTried"),
        Case(.saysNotTriedButWrites, "notTried"),
        Case(.outageIsFatal, "unreachable", ["outage"]),
        Case(.outageIsSilent, "unreachable", ["outage"]),
        Case(.losesAfterOutage, "outage"),
        Case(
            .checkpointIsLate,
            "checkpoint",
            ["checkpoint.running", "checkpoint.cancelled", "put.cancelled"],
            .checkpoints
        ),
        Case(
            .restoreDoesNothing,
            "checkpoint",
            ["checkpoint.running", "checkpoint.ahead", "checkpoint.cancelled", "put.cancelled"],
            .checkpoints
        ),
        Case(
            .restoreInRunningDoesNothing,
            "checkpoint.running",
            ["checkpoint.cancelled", "put.cancelled"],
            .checkpoints
        ),
        Case(
            .restoreCutsAll,
            "checkpoint",
            [
                "checkpoint.running", "checkpoint.cancelled", "checkpoint.foreign", "restart", "stop.cancelled",
                "outage", "put.cancelled",
            ],
            .checkpoints
        ),
        Case(.takesForeignCheckpoint, "checkpoint.foreign", [], .checkpoints),
        Case(.goesAhead, "checkpoint.ahead", [], .checkpoints),
        Case(.restoreIgnoresCancellation, "checkpoint.cancelled", [], .checkpoints),
        Case(
            .forgetsPositions,
            "positions",
            [
                "positions.expected", "positions.atomic", "positions.empty", "positions.lostAnswer", "order", "flush",
                "put.cancelled", "positions.epoch",
            ],
            .positions
        ),
        Case(.positionsOfMemory, "positions", ["restart", "stop.cancelled", "released", "descriptors"], .positions),
        Case(.mixesScopes, "positions", [], .positions),
        Case(.expectsNothing, "positions.expected", ["positions.atomic", "positions.epoch"], .positions),
        Case(.missingPositionIsFine, "positions.expected", [], .positions),
        Case(.repeatsAreFine, "positions.expected", [], .positions),
        Case(.ignoresEpoch, "positions.epoch", [], .positions),
        Case(.halfTransaction, "positions.atomic", ["notTried"], .positions),
        Case(.ignoresEmpty, "positions.empty", [], .positions),
        Case(.lostAnswerIsFatal, "positions.lostAnswer", [], .positions),
    ]

    @Test("a flaw of a sink is caught", arguments: cases)
    func sink(_ flawed: Case) async {
        await expectCaught(by: flawed.check, alsoBy: flawed.others) { names in
            await SinkConformance("\(flawed.flaw)", limits: .flawed) {
                let storage = ModelStorage()
                return storage.subject { flawed.sink(storage) }
            }.run(only: names)
        }
    }
}
