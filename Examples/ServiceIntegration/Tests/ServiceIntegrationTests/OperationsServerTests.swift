// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import ConnectTestKit
import Metrics
import OpenConnect
import ServiceIntegration
import Testing

/// Asks the server with `curl`.
@Suite struct OperationsServerTests {
    private func json(_ answer: Answer) throws -> StructuredObject {
        #expect(answer.headers["content-type"] == "application/json")
        guard case .object(let object) = try StructuredValue(json: SharedBytes(utf8: answer.body)) else {
            throw ConnectorError(.invalidRecord, "no object: \(answer.body)")
        }
        return object
    }

    @Test(.timeLimit(.minutes(10))) func metricsAreThoseOfTheMoment() async throws {
        let (input, output) = (InMemoryLog(), InMemoryLog())
        let metrics = PrometheusMetrics()
        Counter(label: "own", factory: metrics).increment()
        try await withOperationsServer([Pipeline("p", from: input, to: InMemorySink(output))], metrics: metrics) {
            _,
            url in
            for count in 1...3 {
                input.append(.text("a"))
                try await input.waitForCommit(by: "p")
                let answer = try await Answer("\(url)/metrics?x=1")
                #expect(answer.status == 200)
                #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(answer.body.contains("\nopenconnect_records_polled_total{pipeline=\"p\"} \(count)\n"))
                #expect(
                    answer.body.contains(
                        "\nopenconnect_put_batch_records_count{pipeline=\"p\",sink=\"sink\"} \(count)\n"
                    )
                )
                #expect(answer.body.contains("\nown_total 1\n"))
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func healthTellsOfAFailedPipeline() async throws {
        let (input, output) = (InMemoryLog(), InMemoryLog())
        let redaction = SecretRedaction()
        redaction.add(Secret("hunter2-hunter2"))
        let broken = FailingSink(error: ConnectorError(.fatal, "cannot log in with hunter2-hunter2"))
        let brokenInput = InMemoryLog()
        let pipelines = [
            Pipeline("good", from: input, to: InMemorySink(output)), Pipeline("bad", from: brokenInput, to: broken),
        ]
        try await withOperationsServer(pipelines, redaction: redaction) { runtime, url in
            let ready = try await eventually("a 200") {
                let answer = try await Answer("\(url)/health/ready")
                return answer.status == 200 ? answer : nil
            }
            #expect(try json(ready)["status"] == .string("ready"))
            #expect(try json(ready)["level"] == .string("healthy"))

            brokenInput.append(.text("a"))
            let failed = try await eventually("a 503") {
                let answer = try await Answer("\(url)/health/ready")
                return answer.status == 503 && answer.body.contains("\"failed\"") ? answer : nil
            }
            #expect(try json(failed)["status"] == .string("not ready"))
            #expect(try json(failed)["level"] == .string("unhealthy"))
            #expect(failed.body.contains("cannot log in with"))
            #expect(failed.body.contains(#"{"name":"good","state":"running","level":"healthy"}"#))
            #expect(failed.body.contains(#"{"name":"bad","state":"failed","level":"unhealthy"}"#))
            // A new process would find the same.
            #expect(try await Answer("\(url)/health/live").status == 200)
            let all = try await Answer("\(url)/pipelines")
            #expect(all.body.contains(#""lastError":{"code":"fatal","message":""#))
            for answer in [failed, all] { #expect(!answer.body.contains("hunter2")) }
        }
    }

    @Test(.timeLimit(.minutes(10))) func aCallThatHangsMakesTheProcessDead() async throws {
        let (input, output, gate) = (InMemoryLog(), InMemoryLog(), Gate())
        var options = RuntimeOptions.failingAtOnce
        options.stallLimit = .milliseconds(20)
        try await withOperationsServer([Pipeline("p", from: input, to: GatedSink(log: output, gate: gate))], options) {
            _,
            url in
            #expect(try await Answer("\(url)/health/live").status == 200)
            input.append(.text("a"))
            await gate.arrivals()
            let dead = try await eventually("a 503") {
                let answer = try await Answer("\(url)/health/live")
                return answer.status == 503 ? answer : nil
            }
            #expect(try json(dead)["status"] == .string("stalled"))
            #expect(dead.body.contains("put of the sink"))
            gate.open()
            _ = try await eventually("a 200") { try await Answer("\(url)/health/live").status == 200 ? true : nil }
        }
    }

    /// What it takes new requests by must know of a stop before the drain has ended.
    @Test(.timeLimit(.minutes(10))) func isNotReadyFromTheRequestToStopOn() async throws {
        let (input, output) = (InMemoryLog(), InMemoryLog())
        try await withOperationsServer([Pipeline("p", from: input, to: InMemorySink(output))]) { runtime, url in
            input.append(.text("a"))
            try await input.waitForCommit()
            #expect(try await Answer("\(url)/health/ready").status == 200)
            runtime.stop()
            let answer = try await Answer("\(url)/health/ready")
            #expect(answer.status == 503)
            #expect(try json(answer)["status"] == .string("stopping"))
            #expect(try await Answer("\(url)/health/live").status == 200)
        }
    }

    @Test(.timeLimit(.minutes(10))) func pipelinesAreListed() async throws {
        let (input, output) = (InMemoryLog(), InMemoryLog())
        try await withOperationsServer([Pipeline("a \"name\"", from: input, to: InMemorySink(output))]) {
            runtime,
            url in
            input.append(.text("a"))
            try await input.waitForCommit()
            try await runtime.pause("a \"name\"")
            let answer = try await Answer("\(url)/pipelines")
            guard case .array(let pipelines) = try json(answer)["pipelines"],
                case .object(let pipeline) = pipelines.first
            else {
                Issue.record("no pipelines: \(answer.body)")
                return
            }
            #expect(pipeline["name"] == .string("a \"name\""))
            #expect(pipeline["state"] == .string("paused"))
            guard case .object(let counts) = pipeline["counts"] else { return }
            #expect(counts["delivered"] == .integer(1))
            #expect(try await Answer("\(url)/health/ready").status == 200)
        }
    }

    /// - Parameters:
    ///   - arguments: of `curl`.
    ///   - path: what is asked for.
    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            (["-X", "POST"], "/metrics", 405), (["-X", "DELETE"], "/pipelines", 405),
            (["-d", "x"], "/health/live", 405),
            (["-I"], "/metrics", 200), (["-I"], "/nothing", 404), ([], "/", 404), ([], "/metrics/", 404),
            (["-X", "PUT"], "/nothing", 404),
            (["--path-as-is"], "/../metrics", 404), ([], "/health", 404),
        ]
    )
    func otherRequestsAreRefused(arguments: [String], path: String, status: Int) async throws {
        try await withOperationsServer([]) { _, url in
            let answer = try await Answer("\(url)\(path)", arguments: arguments)
            #expect(answer.status == status)
            if status == 405 { #expect(answer.headers["allow"] == "GET, HEAD") }
            if status == 404, arguments != ["-I"] { #expect(answer.body.contains("/health/ready")) }
            if arguments == ["-I"] { #expect(answer.body.isEmpty) }
        }
    }

    @Test(.timeLimit(.minutes(10))) func anAddressInUseIsNamed() async throws {
        try await withOperationsServer([]) { runtime, url in
            let address = try ListenAddress(String(url.dropFirst("http://".count)))
            let error = await #expect(throws: ConnectorError.self) {
                try await OperationsServer(runtime, on: address).run()
            }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("\(address)") == true)
        }
    }
}
