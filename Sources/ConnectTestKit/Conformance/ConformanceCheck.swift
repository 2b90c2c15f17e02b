// SPDX-License-Identifier: Apache-2.0

/// One check of a suite: a name, the promise that it holds a subject to, and what it does.
struct ConformanceCheck<Trial: ConformanceTrial>: Sendable {
    let name: String
    let promise: String
    let body: @Sendable (Trial) async throws -> Void

    init(_ name: String, _ promise: String, _ body: @escaping @Sendable (Trial) async throws -> Void) {
        self.name = name
        self.promise = promise
        self.body = body
    }

    /// Tries the check on a subject of its own.
    @concurrent
    func result(_ limits: ConformanceLimits, _ makeTrial: @escaping @Sendable () async throws -> Trial) async
        -> ConformanceResult
    {
        let whole = LooseCall {
            let trial: Trial
            do { trial = try await makeTrial() } catch { throw Finding.subjectFailed("making", error) }
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await body(trial)) } catch { outcome = .failure(error) }
            await trial.close()
            try outcome.get()
        }
        switch await whole.outcome(within: limits.check) {
        case .success: return ConformanceResult(name: name, verdict: .passed, reason: promise)
        case .failure(let finding as Finding):
            return ConformanceResult(name: name, verdict: finding.verdict, reason: finding.reason)
        case .failure(let error):
            return ConformanceResult(name: name, verdict: .failed, reason: "the check ended with '\(error)'")
        case nil where Task.isCancelled: return .notRun(name)
        case nil:
            let reason =
                "expected the check to end, saw that it had not after \(limits.check): look at what hangs in it"
            return ConformanceResult(name: name, verdict: .failed, reason: reason)
        }
    }
}

/// What a check works with: a subject made for it alone.
protocol ConformanceTrial: Sendable {
    func close() async
}

extension ConformanceReport {
    /// Runs checks one after the other, each on a new subject.
    ///
    /// - Parameter names: those that are wanted, or `nil` for all.
    @concurrent
    static func of<Trial>(
        _ subject: String,
        _ checks: [ConformanceCheck<Trial>],
        only names: Set<String>?,
        _ limits: ConformanceLimits,
        _ makeTrial: @escaping @Sendable () async throws -> Trial
    ) async -> ConformanceReport {
        let beginning = ContinuousClock.now
        var results: [ConformanceResult] = []
        for check in checks where names?.contains(check.name) ?? true {
            results.append(Task.isCancelled ? .notRun(check.name) : await check.result(limits, makeTrial))
        }
        for name in (names ?? []).subtracting(checks.map(\.name)).sorted() { results.append(.unknown(name)) }
        return ConformanceReport(subject: subject, results: results, elapsed: ContinuousClock.now - beginning)
    }
}

extension ConformanceResult {
    fileprivate static func notRun(_ name: String) -> ConformanceResult {
        ConformanceResult(
            name: name,
            verdict: .failed,
            reason: "not run to its end: the task of the suite was cancelled"
        )
    }

    fileprivate static func unknown(_ name: String) -> ConformanceResult {
        ConformanceResult(name: name, verdict: .failed, reason: "there is no such check: `checks` has the names of all")
    }
}
