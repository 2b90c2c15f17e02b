// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit

@testable import CloudEventsCodec

extension FuzzTarget {
    private static let sqlEvent = try? CloudEvent(
        id: "1",
        source: "/s",
        type: "com.example.t",
        subject: "a%b_c",
        extensions: ["flag": .boolean(true), "number": .integer(-5), "word": .string("Äpfel")]
    )

    /// An expression: it is refused at a place within the text, or has one value for an event, which does not depend on
    /// how it was written.
    @Sendable static func checkSQL(_ bytes: SharedBytes) throws {
        guard let event = sqlEvent else { throw FuzzFailure(description: "there is no event") }
        let text = String(decodingUTF8: bytes)
        let expression: CloudEventsSQL
        do throws(CloudEventsSQLError) {
            expression = try CloudEventsSQL(text)
        } catch {
            try require(error.code == .parse && error.offset <= text.utf8.count, "the error has a place in the text")
            try require(!error.description.isEmpty, "the error describes itself")
            return
        }
        let evaluation = expression.evaluate(event)
        try require(expression.passes(event) == evaluation.passes, "a filter agrees with the value")
        try require(expression.valueType ?? evaluation.value.type == evaluation.value.type, "the type is as foretold")
        try require(
            evaluation.errors.allSatisfy { $0.offset < text.utf8.count && $0.code != .parse },
            "errors have places"
        )
        let limits = CloudEventsSQL.Limits(expressionLength: .max, nesting: 256)
        let again = try CloudEventsSQL(expression.description, limits: limits)
        try require(again.description == expression.description, "the description is the expression")
        try require(again.evaluate(event).value == evaluation.value, "the description has the same value")
    }
}
