// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import Logging
import OpenConnect
import Testing

@testable import ServiceIntegration

@Suite struct LoggingObserverTests {
    @Test(arguments: [
        (ConnectorEvent.Level.debug, Logger.Level.debug), (.info, .info), (.warning, .warning), (.error, .error),
    ])
    func levels(of event: ConnectorEvent.Level, level: Logger.Level) {
        let record = LogRecord()
        LoggingObserver(record.logger()).observe(RuntimeEvent(.audit, of: "p", event, "Counted."))
        #expect(record.lines.map(\.level) == [level])
        #expect(record.lines.map(\.message) == ["Counted."])
        #expect(record.lines.first?.metadata == ["pipeline": "p", "kind": "audit"])
    }

    @Test func theLevelOfTheLoggerDecides() {
        let record = LogRecord()
        let observer = LoggingObserver(record.logger(.warning))
        observer.observe(RuntimeEvent(.audit, of: "p", .info, "Not this."))
        observer.observe(RuntimeEvent(.audit, of: "p", .warning, "This."))
        #expect(record.lines.map(\.message) == ["This."])
        #expect(observer.interests == .events)
    }

    @Test func everyValueIsInTheMetadata() {
        let record = LogRecord()
        let error = ConnectorError(.throttled, "the shop asks for patience")
        var event = RuntimeEvent(
            .callRetry,
            of: "orders",
            .warning,
            "Again.",
            attributes: ["host": "shop"],
            error: error
        )
        event.connector = "shop"
        event.state = .running
        event.callName = "put"
        event.attempt = 3
        event.delay = .milliseconds(1500)
        event.records = 20
        LoggingObserver(record.logger()).observe(event)
        #expect(
            record.lines.first?.metadata == [
                "pipeline": "orders", "kind": "call.retry", "connector": "shop", "state": "running", "call": "put",
                "attempt": "3", "delaySeconds": "1.5", "records": "20", "errorCode": "throttled",
                "error": "\(error)", "attributes": ["host": "shop"],
            ]
        )
    }

    @Test func secretsAreTakenOut() throws {
        let document = try SettingDocument(json: "{}")
        document.redaction.add(Secret("hunter2-hunter2"))
        let record = LogRecord()
        struct Foreign: Error { let url = "http://user:hunter2-hunter2@shop" }
        let event = RuntimeEvent(
            .connectorMessage,
            of: "p",
            .info,
            "Told hunter2-hunter2.",
            attributes: ["a": "hunter2-hunter2"],
            error: Foreign()
        )
        LoggingObserver(record.logger(), redaction: document.redaction).observe(event)
        #expect(record.lines.count == 1)
        #expect(!"\(record.lines)".contains("hunter2"))
        #expect(record.lines.first?.metadata["errorCode"] == nil)
    }

    @Test func aRuntimeIsLogged() async throws {
        let record = LogRecord()
        let sink = FailingSink(error: ConnectorError(.fatal, "the disk is gone"))
        let runtime = try ConnectRuntime(
            [Pipeline("p", from: InMemoryLog([.text("a")]), to: sink)],
            options: .failingOnce,
            observer: LoggingObserver(record.logger())
        )
        await #expect(throws: ConnectorError.self) { try await runtime.run() }
        let failed = record.lines.first { $0.metadata["state"] == "failed" }
        #expect(failed?.level == .error)
        #expect(failed?.metadata["kind"] == "pipeline.state")
        #expect(failed?.metadata["errorCode"] == "fatal")
    }
}
