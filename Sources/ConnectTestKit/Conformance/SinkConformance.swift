// SPDX-License-Identifier: Apache-2.0

/// Checks that a sink keeps the contract of ``/OpenConnect/Sink`` and of what it refines.
///
/// It calls the sink as a runner does, and looks closer than a runner can. No test framework is needed.
///
/// ```swift
/// let report = await SinkConformance("TableSink") {
///     let table = Table()
///     return SinkSubject(makeSink: { TableSink(table) }, durable: { table.rows })
/// }.run()
/// try report.check()
/// ```
public struct SinkConformance: Sendable {
    private let name: String
    private let limits: ConformanceLimits
    private let makeSubject: @Sendable () async throws -> SinkSubject

    /// A suite for a sink.
    ///
    /// - Parameters:
    ///   - name: what the report calls it.
    ///   - limits: how long it waits.
    ///   - makeSubject: makes the sink's system anew for each check, empty and reachable.
    public init(
        _ name: String,
        limits: ConformanceLimits = ConformanceLimits(),
        _ makeSubject: @escaping @Sendable () async throws -> SinkSubject
    ) {
        self.name = name
        self.limits = limits
        self.makeSubject = makeSubject
    }

    /// The names of all checks, in their order.
    public static var checks: [String] { SinkTrial.checks.map(\.name) }

    /// Runs the checks, one after the other.
    ///
    /// - Parameter names: the checks to run, or `nil` for all. A name that there is no check of is a failure.
    public func run(only names: Set<String>? = nil) async -> ConformanceReport {
        await .of(name, SinkTrial.checks, only: names, limits) { [makeSubject, limits] in
            SinkTrial(try await makeSubject(), limits)
        }
    }
}
