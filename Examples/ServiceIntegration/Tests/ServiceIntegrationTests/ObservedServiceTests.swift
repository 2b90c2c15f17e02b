// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The built service, looked at from outside.
@Suite(.serialized) struct ObservedServiceTests {
    private func service(_ directory: TemporaryDirectory, _ variables: [String: String] = [:]) throws -> ProcessCommand
    {
        var command = try ProcessCommand(built: "observed-service")
        command.environment = ["METRICS_LISTEN": "127.0.0.1:0"].merging(variables) { _, new in new }
        command.workingDirectory = directory.path
        return command
    }

    /// The address that the service prints, without the path.
    private func address(of service: ChildProcess) async throws -> String {
        try await eventually("the address of the metrics; \(service.standardError)") {
            let line = service.standardOutput.split(separator: "\n").first { $0.hasPrefix("metrics: http://") }
            return line.map { String($0.dropFirst("metrics: http://".count).prefix { $0 != "/" }) }
        }
    }

    @Test(.timeLimit(.minutes(10))) func prometheusScrapesIt() async throws {
        try await withTemporaryDirectory { directory in
            try await withChildProcess(try service(directory)) { service in
                let address = try await address(of: service)
                try await withPrometheus(scraping: address, in: directory) { prometheus in
                    try await expectFigures(of: prometheus)
                }
                service.send(SIGTERM)
                #expect(await service.wait() == .exited(0))
            }
            // What was acknowledged is in the file.
            #expect(try directory.text(of: "measurements.jsonl").contains("\"specversion\":\"1.0\""))
        }
    }

    private func expectFigures(of prometheus: Prometheus) async throws {
        _ = try await prometheus.value(of: #"up{job="observed-service"}"#) { $0 == 1 }
        let delivered = #"openconnect_records_settled_total{pipeline="clicks",outcome="delivered"}"#
        let first = try await prometheus.value(of: delivered) { $0 > 0 }
        _ = try await prometheus.value(of: delivered) { $0 > first }
        _ = try await prometheus.value(of: #"rate(openconnect_records_polled_total{pipeline="measurements"}[5s])"#) {
            $0 > 0
        }
        let quantile = try await prometheus.value(
            of: #"histogram_quantile(0.99, sum by (le) (openconnect_poll_to_commit_seconds_bucket{pipeline="clicks"}))"#
        ) { $0.isFinite && $0 > 0 }
        #expect(quantile < 60)
        _ = try await prometheus.value(of: #"openconnect_pipeline_state{pipeline="clicks",state="running"}"#) {
            $0 == 1
        }
        // The service's own figures stand beside those of the runtime.
        _ = try await prometheus.value(of: "sum(tally_records_total)") { $0 > 0 }
        _ = try await prometheus.value(of: "tally_duration_seconds_count") { $0 > 0 }
        #expect(try await prometheus.kind(of: "openconnect_put_duration_seconds") == "histogram")
        #expect(try await prometheus.kind(of: "openconnect_records_polled_total") == "counter")
        #expect(try await prometheus.refusedSamples() == 0)
    }

    @Test(.timeLimit(.minutes(10))) func promtoolHasNothingToSay() async throws {
        try await withTemporaryDirectory { directory in
            try await withChildProcess(try service(directory)) { service in
                let address = try await address(of: service)
                let text = try await eventually("metrics of the service's own") {
                    let text = try await Answer("http://\(address)/metrics").body
                    return text.contains("tally_duration_seconds_count") ? text : nil
                }
                try directory.write(text, to: "metrics.txt")
                let tool = ProcessCommand("/bin/sh", ["-c", "promtool check metrics < '\(directory["metrics.txt"])'"])
                let result = try await tool.run()
                if result.exit == .exited(127) { throw MissingProgram(name: "promtool", package: "prometheus") }
                #expect(result.exit == .exited(0), "\(result.standardError)")
                #expect(result.standardError.isEmpty)
                #expect(result.standardOutput.isEmpty)
            }
        }
    }

    @Test(.timeLimit(.minutes(10))) func aFileSaysWhatRuns() async throws {
        try await withTemporaryDirectory { directory in
            try directory.write(
                """
                { "offsets": { "type": "memory" }, "pipelines": { "few": {
                    "source": { "type": "generator", "count": 3, "attributes": true },
                    "sinks": [ { "type": "file", "path": "${env:out.path}", "format": "cloudevents" } ] } } }
                """,
                to: "pipelines.json"
            )
            let variables = [
                "PIPELINES_PATH": directory["pipelines.json"], "OUT_PATH": directory["out"], "LOG_LEVEL": "debug",
                "TRACING_ENABLED": "true",
            ]
            // Its pipeline has an end, and with it the service.
            let result = try await service(directory, variables).run()
            #expect(result.exit == .exited(0), "\(result.standardError)")
            #expect(try directory.text(of: "out").split(separator: "\n").count == 3)
            #expect(result.standardError.contains("send file"))
            #expect(result.standardError.contains("kind=pipeline.state"))
        }
    }

    /// - Parameters:
    ///   - variables: what is wrong.
    ///   - text: what is said of it.
    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            (["LOG_LEVEL": "loud"], "log.level: 'loud' is no level"),
            (["METRICS_LISTEN": "here"], "metrics.listen: 'here' is no address to listen on"),
            (["PIPELINES_PATH": "none.json"], "'none.json' cannot be read"),
            (["METRICS_LISTEN": "203.0.113.1:1"], "cannot listen on 203.0.113.1:1"),
        ]
    )
    func wrongSettingsAreSaid(variables: [String: String], text: String) async throws {
        let result = try await withTemporaryDirectory { try await service($0, variables).run() }
        #expect(result.exit == .exited(1))
        #expect(result.standardError.contains(text), "\(result.standardError)")
    }
}
