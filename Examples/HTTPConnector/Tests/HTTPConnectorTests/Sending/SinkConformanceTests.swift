// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Synchronization
import Testing

@testable import HTTPConnector

@Suite("The http sink keeps the contract of a sink", .serialized, .timeLimit(.minutes(10)))
struct SinkConformanceTests {
    @Test(arguments: ["binary", "structured", "batched"])
    func `it passes the suite`(mode: String) async throws {
        // Thousands of requests to a server in Python take their time.
        let limits = ConformanceLimits(call: .seconds(60))
        let report = await SinkConformance("HTTPSink, \(mode)", limits: limits) { try await Self.subject(mode) }.run()
        try report.check()
        let applicable = [
            "sink.flush", "sink.order", "sink.data", "sink.concurrent", "sink.verdicts", "sink.notTried",
            "sink.unreachable",
            "sink.outage", "sink.settings", "sink.released", "sink.descriptors",
        ]
        for name in applicable { #expect(report[name]?.verdict == .passed, "\(name)") }
    }

    private static func subject(_ mode: String) async throws -> SinkSubject {
        let target = try await RestartingServer([.init(match: "never accepted", status: 422)])
        let settings: SettingInput = ["url": SettingInput(target.url), "mode": SettingInput(mode)]
        var subject = SinkSubject(
            makeSink: { try HTTPSink(settings: settings) },
            durable: { try target.requests.accepted }
        )
        subject.badRecord = { ConnectorRecord(.text("never accepted")) }
        subject.setReachable = { try await target.setRunning($0) }
        subject.close = { await target.close() }
        try subject.refuseWrongSettings(of: HTTPSink.self, besides: settings)
        return subject
    }
}

/// A server that can be stopped, and started again on its port.
final class RestartingServer: Sendable {
    let port: Int
    private let rules: [ReceivingServer.Rule]
    private let state = Mutex<(task: Task<Void, any Error>?, server: ReceivingServer?, before: [Request])>(
        (nil, nil, [])
    )

    init(_ rules: [ReceivingServer.Rule]) async throws {
        self.rules = rules
        port = try FreePort.next()
        try await setRunning(true)
    }

    var url: String { "http://127.0.0.1:\(port)/events" }
    var requests: [Request] { state.withLock { $0.before + ($0.server?.requests ?? []) } }

    func setRunning(_ isRunning: Bool) async throws {
        guard isRunning else { return await close() }
        let gate = Gate()
        let task = Task { [self] in
            defer { gate.open() }
            try await ReceivingServer.serving(rules, port: port) { server in
                state.withLock { $0.server = server }
                gate.open()
                try await Task.sleep(for: .seconds(3600))
            }
        }
        state.withLock { $0.task = task }
        try await gate.pass()
        guard state.withLock({ $0.server == nil }) else { return }
        try await task.value
    }

    func close() async {
        let task = state.withLock { state in
            state.before += state.server?.requests ?? []
            state.server = nil
            return state.task.take()
        }
        task?.cancel()
        _ = await task?.result
    }
}
