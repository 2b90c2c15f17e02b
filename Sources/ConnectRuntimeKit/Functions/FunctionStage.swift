// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Applies a pipeline's functions to what the source returned, record by record.
struct FunctionStage: Sendable {
    let functions: [any RecordFunction]
    let sinks: [String]
    let tolerance: ErrorTolerance
    let retrier: Retrier
    /// Whether records come as whole units, and have to go on as such.
    var keepsUnits = false

    /// What came of a batch, and the error in front of which the pipeline has to stop.
    struct Output: Sendable {
        var staged: StagedShipment
        var failure: ConnectorError?
    }

    /// What becomes of a batch with its rejected input.
    func stage(_ entries: [PolledEntry], of batch: SourceBatch) async throws -> Output {
        retrier.calls.beginFunctions()
        defer { retrier.calls.endFunctions() }
        var staged = StagedShipment(polled: entries.map(\.record), of: batch)
        var parts = sinks.indices.map { StagedShipment.Part(sink: $0, records: [], origins: []) }
        for (index, entry) in entries.enumerated() {
            let failure: StagedShipment.Failure
            if let error = entry.rejection {
                failure = StagedShipment.Failure(index: index, stage: .poll, error: error)
            } else {
                switch try await apply(to: entry.record) {
                case .success(let made):
                    add(made, index, entry.record, to: &staged, &parts)
                    continue
                case .failure(let error):
                    failure = StagedShipment.Failure(
                        index: index,
                        stage: .function,
                        error: error.error,
                        attempts: error.attempts
                    )
                }
            }
            guard tolerance.action != .stop else { return stopping(at: failure, entries, batch, staged, parts) }
            staged.failures.append(failure)
        }
        staged.parts = parts.filter { !$0.records.isEmpty }
        return Output(staged: staged)
    }

    private func add(
        _ made: FunctionResult.Storage,
        _ index: Int,
        _ polled: ConnectorRecord,
        to staged: inout StagedShipment,
        _ parts: inout [StagedShipment.Part]
    ) {
        switch made {
        case .one(let record):
            let origin = Parcel.Origin(index: Int32(index), part: 0, endsUnit: polled.hasOffset)
            for sink in sinks.indices { parts[sink].add(record, origin) }
        case .parts(let made):
            var isMeantForAny = false
            for (number, part) in made.enumerated() {
                let endsUnit = polled.hasOffset && number == made.count - 1
                var part = part
                if made.count > 1, part.record.id == nil { part.record.becomePart(number) }
                let origin = Parcel.Origin(index: Int32(index), part: Int32(number), endsUnit: endsUnit)
                for sink in sinks.indices where part.sinks?.contains(sinks[sink]) ?? true {
                    isMeantForAny = true
                    parts[sink].add(part.record, origin)
                }
            }
            if !isMeantForAny { staged.filtered.append(index) }
        }
    }

    // MARK: One record

    struct Failed: Error {
        let error: ConnectorError
        let attempts: Int
    }

    /// All functions one after the other; an error concerns this record alone.
    func apply(to record: ConnectorRecord) async throws -> Result<FunctionResult.Storage, Failed> {
        var failures = Retrier.Failures()
        while true {
            do {
                return .success(try await applyOnce(to: record))
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                let error = error.inFunction
                guard error.code == .retryable || error.code == .throttled || error.code == .notConnected else {
                    return .failure(Failed(error: error, attempts: failures.count + 1))
                }
                retrier.calls.endFunctions()
                defer { retrier.calls.beginFunctions() }
                do {
                    try await retrier.pause(after: error, &failures, "apply", "functions")
                } catch {
                    try Task.checkCancellation()
                    // A stop says nothing about the record: it is read again.
                    if retrier.stop.isRequested { throw CancellationError() }
                    return .failure(Failed(error: error.inFunction, attempts: failures.count))
                }
            }
        }
    }

    private func applyOnce(to record: ConnectorRecord) async throws -> FunctionResult.Storage {
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
            for part in parts {
                for made in try await function.apply(part.record).parts {
                    next.append(FunctionResult.Part(made.record, for: made.sinks ?? part.sinks))
                }
            }
            parts = next
        }
        for name in parts.lazy.compactMap(\.sinks).joined() where !sinks.contains(name) {
            throw ConnectorError(
                .invalidConfiguration,
                "a function routes to the sink \"\(name)\", but the pipeline has only \(sinks.joined(separator: ", "))"
            )
        }
        return parts
    }

    // MARK: Stopping

    /// Leaves what comes before the first bad record, or before its unit.
    private func stopping(
        at failure: StagedShipment.Failure,
        _ entries: [PolledEntry],
        _ batch: SourceBatch,
        _ staged: StagedShipment,
        _ parts: [StagedShipment.Part]
    ) -> Output {
        let end =
            keepsUnits ? entries[..<failure.index].lastIndex { $0.record.hasOffset }.map { $0 + 1 } ?? 0 : failure.index
        var before = StagedShipment(polled: entries[..<end].map(\.record), of: SourceBatch(quiet: batch.quiet))
        before.filtered = staged.filtered.filter { $0 < end }
        before.parts = parts.map { $0.prefix(beforeIndex: end) }.filter { !$0.records.isEmpty }
        let record = entries[failure.index].record
        let what = failure.stage == .poll ? "the source rejected its input" : "a function failed on a record"
        let error = ConnectorError(
            failure.error.code,
            "\(what): \(failure.error.message) (\(record.partition)); everything before it is committed. "
                + "Correct it and start again, or have bad records go to dead letters",
            cause: failure.error.cause,
            position: record.position ?? failure.error.position
        )
        return Output(staged: before, failure: error)
    }
}

extension Error {
    /// The error as one of a function, which concerns a record.
    fileprivate var inFunction: ConnectorError {
        (self as? ConnectorError) ?? ConnectorError(.invalidRecord, "a function failed", cause: self)
    }
}
