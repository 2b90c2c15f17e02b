// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@testable import ConnectRuntimeKit

/// Events as lines.
@Suite struct LogLineTests {
    private func line() -> LogLine {
        var event = RuntimeEvent(
            .callRetry,
            of: "orders",
            .warning,
            "a put failed",
            attributes: ["b": "2", "a": "1", "empty": ""],
            error: ConnectorError(.retryable, "two\nlines")
        )
        event.connector = "sink"
        event.attempt = 3
        event.callName = "put"
        return LogLine(event: event, time: RecordTimestamp(nanosecondsSince1970: 1_700_000_000_123_456_789))
    }

    @Test func asText() {
        #expect(
            line().text
                == #"2023-11-14T22:13:20.123Z WARNING orders: a put failed (a=1, b=2): retryable: two\nlines"#
        )
    }

    @Test func asJSON() throws {
        let value = try StructuredValue(setting: SettingDocument(json: line().json).root)
        #expect(!line().json.contains("\n"))
        guard case .object(let object) = value else { throw ConnectorError(.fatal, "no object") }
        #expect(object["time"] == .string("2023-11-14T22:13:20.123Z"))
        #expect(object["level"] == .string("warning"))
        #expect(object["event"] == .string("call.retry"))
        #expect(object["error"] == .string(#"retryable: two\nlines"#))
        #expect(object["connector"] == .string("sink"))
        #expect(object["attempt"] == .integer(3))
        #expect(object["call"] == .string("put"))
        #expect(object["a"] == .string("1"))
    }

    @Test("An attribute with the name of something else is kept beside it, once where both say the same")
    func collidingNames() throws {
        let event = RuntimeEvent(
            .connectorMessage,
            of: "orders",
            .info,
            "moved",
            attributes: ["time": "noon", "pipeline": "orders"]
        )
        let line = LogLine(event: event, time: RecordTimestamp(nanosecondsSince1970: 0))
        guard case .object(let object) = try StructuredValue(setting: SettingDocument(json: line.json).root) else {
            throw ConnectorError(.fatal, "no object")
        }
        #expect(object["time"] == .string("1970-01-01T00:00:00Z"))
        #expect(object["attribute.time"] == .string("noon"))
        #expect(object["attribute.pipeline"] == nil)
    }
}
