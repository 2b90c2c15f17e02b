// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Checks that a source keeps the contract of ``/OpenConnect/Source`` and of what it refines.
///
/// It calls the source as a runner does, and looks closer than a runner can. No test framework is needed.
///
/// ```swift
/// let report = await SourceConformance("OutboxSource") {
///     let outbox = Outbox()
///     return SourceSubject(makeSource: { OutboxSource(outbox) }, write: { outbox.insert($0) })
/// }.run()
/// try report.check()
/// ```
public struct SourceConformance: Sendable {
    private let name: String
    private let limits: ConformanceLimits
    private let makeSubject: @Sendable () async throws -> SourceSubject

    /// A suite for a source.
    ///
    /// - Parameters:
    ///   - name: what the report calls it.
    ///   - limits: how long it waits.
    ///   - makeSubject: makes the source's system anew for each check, empty and reachable.
    public init(
        _ name: String,
        limits: ConformanceLimits = ConformanceLimits(),
        _ makeSubject: @escaping @Sendable () async throws -> SourceSubject
    ) {
        self.name = name
        self.limits = limits
        self.makeSubject = makeSubject
    }

    /// The names of all checks, in their order.
    public static var checks: [String] { SourceTrial.checks.map(\.name) }

    /// Runs the checks, one after the other.
    ///
    /// - Parameter names: the checks to run, or `nil` for all. A name that there is no check of is a failure.
    public func run(only names: Set<String>? = nil) async -> ConformanceReport {
        await .of(name, SourceTrial.checks, only: names, limits) { [makeSubject, limits] in
            SourceTrial(try await makeSubject(), limits)
        }
    }
}
