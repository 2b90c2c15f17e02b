// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Applies a pipeline's functions to what the source returned, record by record.
struct FunctionStage: Sendable {
    let functions: [any RecordFunction]
    let sinks: [String]
    let tolerance: ErrorTolerance
    let retrier: Retrier
    /// Ends a wait for another attempt: the record is read again.
    let halt: StopSignal
    /// Whether records come as whole units, and have to go on as such.
    let keepsUnits: Bool
    /// The functions, where none of them waits for anything.
    private let chain: FunctionChain?

    /// What came of a batch, and the error in front of which the pipeline has to stop.
    struct Output: Sendable {
        var staged: StagedShipment
        var failure: ConnectorError?
    }

    init(
        functions: [any RecordFunction],
        sinks: [String],
        tolerance: ErrorTolerance,
        retrier: Retrier,
        halt: StopSignal? = nil,
        keepsUnits: Bool = false
    ) {
        self.functions = functions
        self.sinks = sinks
        self.tolerance = tolerance
        self.retrier = retrier
        self.halt = halt ?? retrier.stop
        self.keepsUnits = keepsUnits
        let synchronous = functions.compactMap(\.asSynchronous)
        chain = synchronous.count == functions.count ? FunctionChain(synchronous, sinks: sinks) : nil
    }

    /// What becomes of a batch with its rejected input.
    func stage(_ input: PolledInput, of batch: SourceBatch) async throws -> Output {
        retrier.calls.beginFunctions()
        defer { retrier.calls.endFunctions() }
        var progress = StageProgress(input, of: batch, sinks: sinks, keepsUnits: keepsUnits)
        while true {
            let error = chain?.apply(to: &progress)
            guard let record = progress.next else { return Output(staged: progress.finished) }
            let failure: StagedShipment.Failure
            if let error = progress.rejection {
                failure = StagedShipment.Failure(index: progress.index, stage: .poll, error: error)
            } else {
                switch try await apply(to: record, after: error) {
                case .success(let made):
                    progress.add(made)
                    continue
                case .failure(let error):
                    failure = StagedShipment.Failure(
                        index: progress.index,
                        stage: .function,
                        error: error.error,
                        attempts: error.attempts
                    )
                }
            }
            guard tolerance.action != .stop else { return stopping(at: failure, progress, batch) }
            progress.add(failure)
        }
    }

    // MARK: One record

    struct Failed: Error {
        let error: ConnectorError
        let attempts: Int
    }

    /// All functions one after the other; an error concerns this record alone.
    ///
    /// - Parameter error: how the first attempt failed, where there was one.
    func apply(
        to record: ConnectorRecord,
        after error: (any Error)? = nil
    ) async throws -> Result<FunctionResult.Storage, Failed> {
        var failures = Retrier.Failures()
        var error = error
        while true {
            do {
                if let error = error.take() { throw error }
                return .success(try await applyOnce(to: record))
            } catch {
                // Where nobody has cancelled this task, it is the function that gives up the record.
                if error is CancellationError { try Task.checkCancellation() }
                let error = error.inFunction
                guard error.code == .retryable || error.code == .throttled || error.code == .notConnected else {
                    return .failure(Failed(error: error, attempts: failures.count + 1))
                }
                retrier.calls.endFunctions()
                defer { retrier.calls.beginFunctions() }
                do {
                    try await retrier.pause(after: error, &failures, "apply", "functions", endedBy: halt)
                } catch {
                    try Task.checkCancellation()
                    // The end of the run says nothing about the record: it is read again.
                    if halt.isRequested || retrier.stop.isRequested { throw CancellationError() }
                    return .failure(Failed(error: error.inFunction, attempts: failures.count))
                }
            }
        }
    }

    private func applyOnce(to record: ConnectorRecord) async throws -> FunctionResult.Storage {
        if let chain { return try chain.apply(record) }
        var record = record
        for (index, function) in functions.enumerated() {
            switch try await function.apply(record).storage {
            case .one(let next): record = next
            case .parts(let parts): return .parts(try await apply(functions[(index + 1)...], to: parts))
            }
        }
        return .one(record)
    }

    private func apply(
        _ functions: ArraySlice<any RecordFunction>,
        to parts: [FunctionResult.Part]
    ) async throws -> [FunctionResult.Part] {
        var parts = parts
        for function in functions {
            var next: [FunctionResult.Part] = []
            for part in parts { next += part.becoming(try await function.apply(part.record)) }
            parts = next
        }
        try parts.check(for: sinks)
        return parts
    }

    // MARK: Stopping

    /// Leaves what comes before the first bad record, or before its unit.
    private func stopping(
        at failure: StagedShipment.Failure,
        _ progress: StageProgress,
        _ batch: SourceBatch
    ) -> Output {
        let records = progress.input.records
        let end =
            keepsUnits ? records[..<failure.index].lastIndex(where: \.hasOffset).map { $0 + 1 } ?? 0 : failure.index
        let record = records[failure.index]
        let what = failure.stage == .poll ? "the source rejected its input" : "a function failed on a record"
        let error = ConnectorError(
            failure.error.code,
            "\(what): \(failure.error.message) (\(record.partition)); everything before it is committed. "
                + "Correct it and start again, or have bad records go to dead letters",
            cause: failure.error.cause,
            position: record.position ?? failure.error.position
        )
        return Output(staged: progress.before(end, quiet: batch.quiet), failure: error)
    }
}

extension Error {
    /// The error as one of a function, which concerns a record.
    fileprivate var inFunction: ConnectorError {
        (self as? ConnectorError) ?? ConnectorError(.invalidRecord, "a function failed", cause: self)
    }
}
