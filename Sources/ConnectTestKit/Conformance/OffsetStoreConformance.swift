// SPDX-License-Identifier: Apache-2.0

/// Checks that an offset store keeps the contract of ``/OpenConnect/OffsetStore``.
///
/// No test framework is needed.
///
/// ```swift
/// let report = await OffsetStoreConformance("TableStore") {
///     let table = Table()
///     var subject = OffsetStoreSubject(makeStore: { TableStore(table) })
///     subject.reopen = { TableStore(table) }
///     return subject
/// }.run()
/// try report.check()
/// ```
public struct OffsetStoreConformance: Sendable {
    private let name: String
    private let limits: ConformanceLimits
    private let makeSubject: @Sendable () async throws -> OffsetStoreSubject

    /// A suite for an offset store.
    ///
    /// - Parameters:
    ///   - name: what the report calls it.
    ///   - limits: how long it waits.
    ///   - makeSubject: makes what the store keeps its positions in anew for each check, empty.
    public init(
        _ name: String,
        limits: ConformanceLimits = ConformanceLimits(),
        _ makeSubject: @escaping @Sendable () async throws -> OffsetStoreSubject
    ) {
        self.name = name
        self.limits = limits
        self.makeSubject = makeSubject
    }

    /// The names of all checks, in their order.
    public static var checks: [String] { OffsetStoreTrial.checks.map(\.name) }

    /// Runs the checks, one after the other.
    ///
    /// - Parameter names: the checks to run, or `nil` for all. A name that there is no check of is a failure.
    public func run(only names: Set<String>? = nil) async -> ConformanceReport {
        await .of(name, OffsetStoreTrial.checks, only: names, limits) { [makeSubject, limits] in
            try await OffsetStoreTrial(try await makeSubject(), limits)
        }
    }
}
