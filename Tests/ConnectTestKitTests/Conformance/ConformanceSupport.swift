// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How often each suite is run: `CONFORMANCE_RUNS` times.
let conformanceRuns = getenv("CONFORMANCE_RUNS").flatMap { Int(String(cString: $0)) } ?? 1

extension ConformanceLimits {
    /// Limits for subjects that are known to hang: what they break is seen, whatever the limit.
    static let flawed = ConformanceLimits(call: .seconds(2), cancellation: .milliseconds(700))
}

/// Runs a suite as often as asked for, and sees that nothing is accused; the last report.
@discardableResult
func expectConforming(
    applicable names: Set<String> = [],
    _ run: () async -> ConformanceReport,
    sourceLocation: SourceLocation = #_sourceLocation
) async -> ConformanceReport {
    var report = await Places.shared.take(run)
    for _ in 1..<max(1, conformanceRuns) where report.isPassed { report = await Places.shared.take(run) }
    #expect(report.isPassed, "\(report)", sourceLocation: sourceLocation)
    let skipped = report.results.filter { $0.verdict == .notApplicable && names.contains($0.name) }
    #expect(skipped.isEmpty, "\(skipped)", sourceLocation: sourceLocation)
    return report
}

/// Runs a suite and sees that one check is among those that fail, and no others than are allowed; then that check alone, as
/// often as asked for.
func expectCaught(
    by name: String,
    alsoBy others: Set<String>,
    _ run: (_ names: Set<String>?) async -> ConformanceReport,
    sourceLocation: SourceLocation = #_sourceLocation
) async {
    for number in 0..<conformanceRuns {
        let failures = await Places.shared.take { await run(number == 0 ? nil : [name]).failures }
        #expect(failures.contains { $0.name == name }, "not caught: \(failures)", sourceLocation: sourceLocation)
        let surplus = failures.filter { $0.name != name && !others.contains($0.name) }
        #expect(surplus.isEmpty, "also accused: \(surplus)", sourceLocation: sourceLocation)
    }
}

/// Lets a few suites run at a time: they measure time, and a crowd of them would take it from each other.
actor Places {
    static let shared = Places(6)
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    nonisolated func take<Value>(_ body: () async -> Value) async -> Value {
        await enter()
        let value = await body()
        await leave()
        return value
    }

    private func enter() async {
        if free > 0 { return free -= 1 }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
