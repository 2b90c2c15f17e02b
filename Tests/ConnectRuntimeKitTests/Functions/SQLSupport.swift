// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

/// A row of a table: an expression, and what comes of it.
struct SQLRow: Sendable, CustomTestStringConvertible {
    let expression: String
    let value: CloudEventsSQL.Value
    let errors: [CloudEventsSQLError.Code]

    init(_ expression: String, _ value: Bool, _ errors: CloudEventsSQLError.Code...) {
        (self.expression, self.value, self.errors) = (expression, .boolean(value), errors)
    }

    init(_ expression: String, _ value: Int32, _ errors: CloudEventsSQLError.Code...) {
        (self.expression, self.value, self.errors) = (expression, .integer(value), errors)
    }

    init(_ expression: String, _ value: String, _ errors: CloudEventsSQLError.Code...) {
        (self.expression, self.value, self.errors) = (expression, .string(value), errors)
    }

    var testDescription: String { expression }
}

enum SQLSupport {
    /// An event with an extension of each type.
    static func event() throws -> CloudEvent {
        try CloudEvent(
            id: "e-1",
            source: "/orders",
            type: "com.example.order.created",
            subject: "order/42",
            time: Timestamp("2026-01-02T03:04:05.60Z"),
            dataContentType: "application/json",
            extensions: [
                "flag": .boolean(true), "no": .boolean(false), "number": .integer(-7), "digits": .string("0042"),
                "word": .string("Äpfel & Birnen"), "empty": .string(""),
                "bytes": .binary(SharedBytes([1, 2, 3])), "uri": .uri(URI("urn:x")),
                "reference": .uriReference(URIReference("../y")), "when": .timestamp(Timestamp("2026-01-01T00:00:00Z")),
            ]
        )
    }

    /// What an expression gives for an event; the same has to come of the record of it.
    static func evaluate(
        _ text: String,
        functions: CloudEventsSQL.Functions = .builtIn
    ) throws -> (event: CloudEventsSQL.Evaluation, record: CloudEventsSQL.Evaluation) {
        let event = try event()
        let expression = try CloudEventsSQL(text, functions: functions)
        return (expression.evaluate(event), expression.evaluate(ConnectorRecord(event: event)))
    }

    /// What is wrong with an expression; nothing where it can be read.
    static func error(of text: String, limits: CloudEventsSQL.Limits = .init()) -> CloudEventsSQLError? {
        do throws(CloudEventsSQLError) {
            _ = try CloudEventsSQL(text, limits: limits)
            return nil
        } catch {
            return error
        }
    }
}
