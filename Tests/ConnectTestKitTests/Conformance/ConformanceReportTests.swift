// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import OpenConnect
import Testing

@Suite("Reports of conformance suites", .timeLimit(.minutes(10)))
struct ConformanceReportTests {
    private static let names = SourceConformance.checks + SinkConformance.checks + OffsetStoreConformance.checks

    @Test("names are unique, dotted, and say what they are about")
    func checkNames() {
        #expect(Set(Self.names).count == Self.names.count)
        let suites = ["source", "sink", "store"]
        #expect(Self.names.allSatisfy { name in suites.contains { name.hasPrefix($0 + ".") } })
    }

    @Test("a report of a good subject is a table without failures, and its check throws nothing")
    func good() async throws {
        let report = await OffsetStoreConformance("a store") { OffsetStoreSubject { InMemoryOffsetStore() } }.run()
        try report.check()
        #expect(report.isPassed)
        #expect(report.results.map(\.name) == OffsetStoreConformance.checks)
        #expect(report["store.reopen"]?.verdict == .notApplicable)
        let lines = report.description.split(separator: "\n")
        #expect(lines.count == report.results.count + 1)
        #expect(lines.first == "a store: 19 passed, 0 failed, 2 not applicable")
        let columns = zip(lines.dropFirst(), report.results).map { line, result in
            line.firstRange(of: result.verdict.description).map {
                line.distance(from: line.startIndex, to: $0.lowerBound)
            }
        }
        #expect(Set(columns).count == 1)
    }

    @Test(
        "a report of a flawed subject names what failed, what was seen and what to do, and its check throws the table"
    )
    func flawed() async {
        let report = await OffsetStoreConformance("a store") { StoreFlaw?.some(.alwaysGives).subject() }.run()
        let reason = report["store.owned"]?.reason ?? ""
        #expect(reason.hasPrefix("expected a claim of what is owned to throw retryable, saw that it succeeded: "))
        let error = #expect(throws: ConformanceError.self) { try report.check() }
        #expect(error?.description == report.description)
    }

    @Test("only the checks that are asked for are made")
    func selection() async {
        let suite = OffsetStoreConformance("a store") { OffsetStoreSubject { InMemoryOffsetStore() } }
        #expect(await suite.run(only: ["store.owned"]).results.map(\.name) == ["store.owned"])
        let misspelt = await suite.run(only: ["store.owned", "store.owns"])
        #expect(misspelt.results.map(\.name) == ["store.owned", "store.owns"])
        #expect(misspelt.failures.map(\.name) == ["store.owns"])
    }

    @Test("a suite that is cancelled says so of each check that it did not make")
    func cancelled() async {
        let report = await withTaskGroup(of: ConformanceReport.self) { group in
            group.addTask {
                withUnsafeCurrentTask { $0?.cancel() }
                return await OffsetStoreConformance("a store") { OffsetStoreSubject { InMemoryOffsetStore() } }.run()
            }
            return await group.next()
        }
        #expect(report?.failures.map(\.name) == OffsetStoreConformance.checks)
        #expect(report?.failures.allSatisfy { $0.reason.contains("was cancelled") } == true)
    }

    @Test("a subject that cannot be made, or whose parts throw or hang, fails its checks and hangs nothing")
    func brokenSubjects() async {
        struct Broken: Error {}
        let limits = ConformanceLimits(call: .milliseconds(50), check: .seconds(600))
        let never = await SourceConformance("never made", limits: limits) { throw Broken() }.run(only: ["source.order"])
        #expect(never["source.order"]?.reason == "the subject's making threw Broken(): mend the test")
        let throwing = await SourceConformance("throws", limits: limits) {
            SourceSubject(makeSource: { PushQueue() }, write: { _ in throw Broken() })
        }.run(only: ["source.order"])
        #expect(throwing["source.order"]?.reason == "the subject's write threw Broken(): mend the test")
        let gate = Gate()
        let hanging = await SourceConformance("hangs", limits: limits) {
            SourceSubject(makeSource: { PushQueue() }, write: { _ in await gate.passIgnoringCancellation() })
        }.run(only: ["source.order"])
        #expect(hanging["source.order"]?.reason == "the subject's write did not return: mend the test")
        let short = ConformanceLimits(check: .milliseconds(300))
        let closing = await SinkConformance("hangs at its end", limits: short) {
            let storage = ModelStorage()
            var subject = storage.subject { ModelSink(storage) }
            subject.close = { await gate.passIgnoringCancellation() }
            return subject
        }.run(only: ["sink.order"])
        #expect(closing["sink.order"]?.verdict == .failed)
        gate.open()
    }
}
