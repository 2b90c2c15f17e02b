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
    static let flawed = ConformanceLimits(call: .milliseconds(1200), cancellation: .milliseconds(400))
}

/// Runs a suite as often as asked for, and sees that nothing is accused; the last report.
@discardableResult
func expectConforming(
    applicable names: Set<String> = [],
    _ run: () async -> ConformanceReport,
    sourceLocation: SourceLocation = #_sourceLocation
) async -> ConformanceReport {
    var report = await run()
    for _ in 1..<max(2, conformanceRuns) where report.isPassed { report = await run() }
    #expect(report.isPassed, "\(report)", sourceLocation: sourceLocation)
    let skipped = report.results.filter { $0.verdict == .notApplicable && names.contains($0.name) }
    #expect(skipped.isEmpty, "\(skipped)", sourceLocation: sourceLocation)
    return report
}

/// Runs a suite as often as asked for, and sees that one check is among those that fail, and no others than are
/// allowed.
func expectCaught(
    by name: String,
    alsoBy others: Set<String>,
    among checks: [String],
    _ run: (_ names: Set<String>) async -> ConformanceReport,
    sourceLocation: SourceLocation = #_sourceLocation
) async {
    for number in 0..<conformanceRuns {
        // File descriptors are counted by one at a time in a process; all others would wait for it again and again.
        let names = checks.filter { number == 0 || $0 == name || !$0.hasSuffix(".descriptors") }
        let report = await run(Set(names))
        let failures = report.failures
        #expect(failures.contains { $0.name == name }, "not caught: \(failures)", sourceLocation: sourceLocation)
        let surplus = failures.filter { $0.name != name && !others.contains($0.name) }
        #expect(surplus.isEmpty, "also accused: \(surplus)", sourceLocation: sourceLocation)
    }
}
