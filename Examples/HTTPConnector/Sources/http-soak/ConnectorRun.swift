// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// The connector between senders and receiver, for as long as the senders have something to send.
struct ConnectorRun: Sendable {
    let receiverPort: Int
    let keys: Int
    let eventsPerKey: Int

    private var configuration: String {
        """
        { "pipelines": { "soak": {
            "source": { "type": "http", "listen": "127.0.0.1:0" },
            "sinks": [ { "type": "http", "url": "http://127.0.0.1:\(receiverPort)/", "concurrency": \(keys),
                         "timeout": "500ms" } ],
            "delivery": { "lanes": "partitionAndKey",
                          "retry": { "firstDelay": "5ms", "maxDelay": "200ms", "maxAttempts": null } } } } }
        """
    }

    func run() async throws -> SoakReport {
        let path = FileManager.default.temporaryDirectory.path + "/http-soak-\(UUID().uuidString).json"
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await withChildProcess(try ProcessCommand(built: "http-connector", ["run", "--config", path])) {
            child in
            let senders = Senders(port: try await port(of: child), keys: keys, eventsPerKey: eventsPerKey)
            let report = try await watch(child, senders)
            child.send(SIGTERM)
            guard try await child.wait(atMost: .seconds(60)) == .exited(0) else {
                throw SoakError(description: "http-connector did not stop: \(child.standardError)")
            }
            return report
        }
    }

    private func watch(_ child: ChildProcess, _ senders: Senders) async throws -> SoakReport {
        var report = SoakReport()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await senders.run()
                return true
            }
            func tick() {
                group.addTask {
                    try await Task.sleep(for: .seconds(1))
                    return false
                }
            }
            tick()
            while try await group.next() == false {
                try sample(child, senders, &report)
                tick()
            }
            group.cancelAll()
        }
        report.answered = senders.answered
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        report.seconds = Double(seconds) + Double(attoseconds) / 1e18
        return report
    }

    private func sample(_ child: ChildProcess, _ senders: Senders, _ report: inout SoakReport) throws {
        if let exit = child.exit {
            throw SoakError(description: "http-connector: \(exit): \(child.standardError)")
        }
        report.memory.append(residentKilobytes(of: child))
        guard report.memory.count % 10 == 0 else { return }
        fputs("\(senders.answered) events, \(report.memory.last ?? 0) kB\n", stderr)
    }

    private func port(of child: ChildProcess) async throws -> Int {
        while child.exit == nil {
            let parts = child.standardError.split(separator: "(address=127.0.0.1:")
            if parts.count > 1, let port = Int(parts[1].prefix { $0.isNumber }), parts[1].contains(")") { return port }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw SoakError(description: "http-connector does not listen: \(child.standardError)")
    }

    private func residentKilobytes(of child: ChildProcess) -> Int {
        let status = try? String(contentsOfFile: "/proc/\(child.identifier)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
