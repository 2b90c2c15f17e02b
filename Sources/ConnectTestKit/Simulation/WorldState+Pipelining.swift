// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A put that a pipelined sink was given, and has not answered.
struct UnansweredPut {
    let refs: [RecordRef]
    /// Lanes of which something was not applied, so that nothing behind it may be.
    let stoppedLanes: Set<RecordLaneKey>
}

/// A record that is being put. Behind a put that is not answered a pipelined sink is given a record once more where its
/// partition was taken away meanwhile, and came back.
struct BusyRecord: Hashable {
    let ref: RecordRef
    let generation: Int

    static func all(_ refs: [RecordRef], _ generations: [Int], _ sink: SimulationPlan.Sink) -> [BusyRecord] {
        zip(refs, generations).map { BusyRecord(ref: $0, generation: sink.isPipelined ? $1 : 0) }
    }
}

extension WorldState {
    /// Notes what became of a put, before the process is told.
    mutating func noteOutcome(_ process: Int, of put: SimulatedPut, _ outcome: Result<PutResult, any Error>) {
        guard processes[process - 1].isAlive, plan.sinks[put.sink].isOrdered else { return }
        let stopped: [RecordRef] =
            switch outcome {
            case .failure: put.refs
            case .success(let result): result.exceptions.filter { $0.verdict.isPutAgain }.map { put.refs[$0.index] }
            }
        let lanes = Set(stopped.map { lane(of: $0) })
        processes[process - 1].unanswered[put.sink].append(UnansweredPut(refs: put.refs, stoppedLanes: lanes))
    }

    /// The process learns what became of a put.
    mutating func endAnswered(_ process: Int, _ put: SimulatedPut) {
        processes[process - 1].unanswered[put.sink].removeAll { $0.refs == put.refs }
        endPut(process, put)
    }

    /// How many records at the front of a lane are on their way in puts that are not answered.
    func unansweredCount(_ process: Int, _ sink: Int, _ lane: RecordLaneKey) -> Int {
        guard plan.sinks[sink].isPipelined else { return 0 }
        let waiting = processes[process - 1].lanes[sink][lane] ?? []
        let this = processes[process - 1]
        return waiting.prefix {
            this.busy[sink].contains(BusyRecord(ref: $0, generation: this.generations[$0.partition]))
        }.count
    }
}

extension RecordVerdict {
    fileprivate var isPutAgain: Bool { kind == .retry || kind == .notTried }
}
