// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

/// A real Prometheus that scrapes one target.
struct Prometheus {
    let url: String

    /// The first value of a query, once it is as wanted.
    func value(of query: String, _ isWanted: (Double) -> Bool) async throws -> Double {
        var last = "nothing"
        do {
            return try await eventually(query) {
                let answer = try await Answer(
                    "\(url)/api/v1/query",
                    arguments: ["-G", "--data-urlencode", "query=\(query)"]
                )
                last = answer.body
                let text = try answer.json["data"]?["result"]?[0]?["value"]?[1]?.text
                guard let value = text.flatMap(Double.init), isWanted(value) else { return nil }
                return value
            }
        } catch let error as TooLate {
            throw TooLate(text: "\(error.text); the last answer: \(last)")
        }
    }

    /// What Prometheus takes a metric for.
    func kind(of metric: String) async throws -> String? {
        let answer = try await Answer("\(url)/api/v1/targets/metadata?metric=\(metric)")
        return try answer.json["data"]?[0]?["type"]?.text
    }

    /// How many samples were scraped and not taken.
    func refusedSamples() async throws -> Double {
        let lines = try await Answer("\(url)/metrics").body.split(separator: "\n")
        let refusals = lines.filter {
            $0.hasPrefix("prometheus_target_scrapes_sample_") || $0.hasPrefix("prometheus_target_scrapes_exceeded_")
        }
        #expect(!refusals.isEmpty)
        return refusals.compactMap { Double($0.split(separator: " ").last ?? "") }.reduce(0, +)
    }
}

/// Runs Prometheus for as long as the closure runs.
func withPrometheus(
    scraping target: String,
    in directory: TemporaryDirectory,
    _ body: (Prometheus) async throws -> Void
) async throws {
    try directory.write(
        """
        global: { scrape_interval: 200ms, scrape_timeout: 200ms }
        scrape_configs: [ { job_name: observed-service, static_configs: [ { targets: [ "\(target)" ] } ] } ]
        """,
        to: "prometheus.yml"
    )
    let command = ProcessCommand(
        "prometheus",
        [
            "--config.file=\(directory["prometheus.yml"])", "--storage.tsdb.path=\(directory["data"])",
            "--web.listen-address=127.0.0.1:0",
        ]
    )
    do {
        try await withChildProcess(command) { process in
            let address = try await eventually("the address of Prometheus") {
                listeningAddress(in: process.standardError)
            }
            let prometheus = Prometheus(url: "http://\(address)")
            _ = try await eventually("Prometheus") {
                try await Answer("\(prometheus.url)/-/ready").status == 200 ? true : nil
            }
            try await body(prometheus)
        }
    } catch let error as CrashTestError where error.code == .cannotStart {
        throw MissingProgram(name: "prometheus", package: "prometheus")
    }
}

/// What Prometheus logs of its port, which the system has chosen.
private func listeningAddress(in log: String) -> String? {
    let line = log.split(separator: "\n").first { $0.contains("Listening on") && $0.contains("address=") }
    return line?.split(separator: " ").first { $0.hasPrefix("address=") }.map { String($0.dropFirst("address=".count)) }
}

extension Answer {
    var json: StructuredValue {
        get throws { try StructuredValue(json: SharedBytes(utf8: body)) }
    }
}

extension StructuredValue {
    fileprivate subscript(name: String) -> StructuredValue? {
        guard case .object(let object) = self else { return nil }
        return object[name]
    }

    fileprivate subscript(index: Int) -> StructuredValue? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }

    fileprivate var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}
