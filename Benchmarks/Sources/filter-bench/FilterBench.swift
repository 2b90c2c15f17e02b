// SPDX-License-Identifier: Apache-2.0

import CBench
import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

/// Measures functions that filter, and prints one JSON line per case.
///
/// Usage: `filter-bench [NAME-OR-PART-OF-IT [ROUNDS]]`.
@main
struct FilterBench {
    static func main() async throws { try await run() }

    @concurrent
    static func run() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let wanted = arguments.first ?? ""
        let rounds = arguments.dropFirst().first.flatMap { Int($0) } ?? 99
        let cases = try FilterCase.all()
        let isName = cases.contains { $0.name == wanted }
        for bench in cases where isName ? bench.name == wanted : bench.name.contains(wanted) {
            try await measure(bench, rounds)
        }
    }

    private static func measure(_ bench: FilterCase, _ rounds: Int) async throws {
        let repetitions = bench.repetitions
        var times: [Double] = []
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            try await bench.run(repetitions)
            times.append((ContinuousClock.now - start) / .nanoseconds(1) / Double(repetitions))
        }
        cbench_start_counting_allocations()
        try await bench.run(1000)
        let count = cbench_stop_counting_allocations()
        times.sort()
        let (median, least) = ((times[rounds / 2] * 10).rounded() / 10, (times[0] * 10).rounded() / 10)
        let bar = bench.bar.map { ", \"bar\": \($0)" } ?? ""
        print(
            "{\"name\": \"\(bench.name)\", \"ns_per_record\": \(median), \"min\": \(least), \"runs\": \(rounds), "
                + "\"allocations_per_record\": \(count < 0 ? "null" : "\((Double(count) / 10).rounded() / 100)")\(bar)}"
        )
    }
}

/// One piece of work that is repeated.
struct FilterCase: Sendable {
    var name: String
    var repetitions = 20_000
    /// What it may cost, in nanoseconds.
    var bar: Int?
    var run: @Sendable (_ repetitions: Int) async throws -> Void

    private static let expression = """
        type = 'com.example.order.created' AND source LIKE 'https://example.com/%' AND EXISTS subject \
        AND priority >= 3 AND region IN ('us-east', 'eu-central')
        """

    private static let attributePattern = """
        { "type": ["com.example.order.created"], "source": [{ "prefix": "https://example.com/" }],
          "subject": [{ "exists": true }], "priority": [{ "numeric": [">=", 3] }], "region": ["us-east", "eu-central"] }
        """

    private static let filters = """
        [{ "exact": { "type": "com.example.order.created" } }, { "prefix": { "source": "https://example.com/" } },
         { "any": [{ "exact": { "region": "us-east" } }, { "exact": { "region": "eu-central" } }] },
         { "not": { "exact": { "priority": "1" } } }]
        """

    /// Five conditions on the data.
    private static let pattern = """
        { "data": { "status": ["paid", "shipped"], "total": [{ "numeric": [">=", 100, "<", 1000] }],
          "customer": { "country": [{ "anything-but": ["US"] }], "email": [{ "suffix": "@example.com" }] },
          "items": { "sku": [{ "prefix": "A-" }] } } }
        """

    /// 400 bytes.
    private static let data = """
        {"id":"4711-2026-000123","status":"paid","total":249.90,"currency":"EUR","created":"2026-01-02T03:04:05.678Z",\
        "customer":{"number":81523,"name":"Erika Mustermann","email":"erika@example.com","country":"DE","vip":false},\
        "items":[{"sku":"B-1001","quantity":2,"price":24.95},{"sku":"A-2002","quantity":1,"price":200.00}],\
        "address":{"street":"Musterweg 12","zip":"10115","city":"Berlin"},"channel":"web","note":null}
        """

    static func all() throws -> [FilterCase] {
        let event = try event()
        let json = ConnectorRecord(try .json(SharedBytes(utf8: data)))
        var bytes = ConnectorRecord(.bytes(SharedBytes(utf8: data)))
        bytes.contentType = "application/json"
        let matcher: any RecordFunction = try RecordFilter(.pattern(pattern))
        let attributes: any RecordFunction = try RecordFilter(.pattern(attributePattern))
        let subscription: any RecordFunction = try RecordFilter(.subscription(filters))
        let record = ConnectorRecord(event: event)
        var lacking = record
        lacking[extension: "priority"] = nil
        let function: any RecordFunction = try RecordFilter(.sql(expression))
        let parsed = try CloudEventsSQL(expression)
        let closure: any RecordFunction = InlineFunction { .record($0) }
        return [
            FilterCase(name: "filter-nothing") { try await apply(closure, to: record, $0) },
            FilterCase(name: "filter-attributes", bar: 300) { try await apply(function, to: record, $0) },
            FilterCase(name: "filter-attributes-pattern") { try await apply(attributes, to: record, $0) },
            FilterCase(name: "filter-attributes-subscription") { try await apply(subscription, to: record, $0) },
            FilterCase(name: "filter-data", bar: 1500) { try await apply(matcher, to: json, $0) },
            FilterCase(name: "filter-data-bytes") { [bytes] in try await apply(matcher, to: bytes, $0) },
            FilterCase(name: "filter-attributes-event") { count in
                for _ in 0..<count { consume(parsed.passes(event)) }
            },
            FilterCase(name: "filter-attributes-errors") { count in
                for _ in 0..<count { consume(parsed.evaluate(record)) }
            },
            FilterCase(name: "filter-missing") { [lacking] in try await apply(function, to: lacking, $0) },
            FilterCase(name: "filter-parse", repetitions: 1000) { count in
                for _ in 0..<count { consume(try CloudEventsSQL(expression)) }
            },
        ]
    }

    private static func apply(_ function: any RecordFunction, to record: ConnectorRecord, _ count: Int) async throws {
        for _ in 0..<count { consume(try await function.apply(record)) }
    }

    private static func event() throws -> CloudEvent {
        try CloudEvent(
            id: "7d4b9a3e-1c55-4f0e-9d7f-3a2b1c0d9e8f",
            source: "https://example.com/shops/berlin",
            type: "com.example.order.created",
            subject: "orders/4711",
            time: Timestamp("2026-01-02T03:04:05.678Z"),
            dataContentType: "application/json",
            extensions: ["priority": .integer(5), "region": .string("eu-central")],
            data: .json(SharedBytes(utf8: "{}"))
        )
    }
}

/// Gives a value away where the optimizer cannot follow it.
@inline(__always)
func consume<Value>(_ value: Value) {
    withUnsafePointer(to: value) { cbench_consume($0) }
}
