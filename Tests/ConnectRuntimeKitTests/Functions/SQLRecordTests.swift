// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect
import Testing

@Suite("CloudEvents SQL: records")
struct SQLRecordTests {
    static let defaults = EventDefaults(source: "urn:fallback", type: "fallback")

    /// Records whose attributes come from everywhere that they can come from.
    static func records() -> [ConnectorRecord] {
        let partition = RecordPartition(
            "access log.1",
            defaults: RecordDefaults(
                source: "/log",
                type: "line",
                contentType: "text/csv",
                schema: "urn:schema",
                subject: { offset, data in (offset?.sequence).map { "line \($0) of \(data.count) bytes" } }
            )
        )
        var own = ConnectorRecord("text", partition: partition, offset: RecordOffset(7))
        own.id = "own"
        own.source = "/own"
        own.type = "own.type"
        own.subject = "own subject"
        own.contentType = "text/plain"
        own.time = try? Timestamp("2026-01-02T03:04:05+01:00")
        own[extension: "number"] = .integer(5)
        own[extension: "bytes"] = .binary(SharedBytes([0, 255]))
        own.key = "key"
        var keyed = ConnectorRecord(.bytes(SharedBytes([1])), offset: RecordOffset(3))
        keyed.key = "from key"
        var both = keyed
        both[extension: "partitionkey"] = .string("from extension")
        var binaryKey = keyed
        binaryKey.key = .bytes(SharedBytes([1]))
        var emptyKey = keyed
        emptyKey.key = ""
        return [
            own, keyed, both, binaryKey, emptyKey,
            ConnectorRecord("plain", partition: partition, offset: RecordOffset(1)),
            ConnectorRecord("plain", offset: RecordOffset(9)), ConnectorRecord(.absent, offset: RecordOffset(2)),
        ]
    }

    @Test("L1 L14: a record has the attributes of the event that it stands for", arguments: records())
    func attributes(record: ConnectorRecord) throws {
        let event = try record.event(defaults: Self.defaults)
        for name in [
            "id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time", "partitionkey",
            "number", "bytes", "none",
        ] {
            for text in [
                name, "EXISTS \(name)", "\(name) = 'own'", "\(name) LIKE '%o%'", "LENGTH(\(name))",
                "\(name) IN ('line')",
            ] {
                let expression = try CloudEventsSQL(text)
                #expect(expression.evaluate(record, defaults: Self.defaults) == expression.evaluate(event), "\(text)")
            }
        }
    }

    @Test("L8 L14: without defaults, a source that is nowhere is missing, and exists all the same")
    func withoutDefaults() throws {
        let record = ConnectorRecord("x")
        for name in ["source", "type", "id"] {
            #expect(try CloudEventsSQL(name).evaluate(record).errors.map(\.code) == [.missingAttribute])
            #expect(try CloudEventsSQL("EXISTS \(name)").passes(record))
        }
        #expect(
            try CloudEventsSQL("source = 'urn:fallback' AND type LIKE 'fall%'").passes(record, defaults: Self.defaults)
        )
        #expect(
            try CloudEventsSQL("CONCAT(source, type) = 'urn:fallbackfallback'").passes(record, defaults: Self.defaults)
        )
    }

    @Test(
        "L17: only the records pass for which the value is true and nothing went wrong",
        arguments: [
            ("type = 'own.type'", true), ("type = 'other'", false), ("missing = 'x'", false), ("number", false),
            ("missing = 'x' OR type = 'own.type'", false), ("EXISTS missing OR type = 'own.type'", true),
            ("number / 0 = 0", false), ("number = 5 AND EXISTS subject", true), ("BOOL(number)", true),
            ("subject", false), ("type", false),
        ]
    )
    func filter(text: String, passes: Bool) async throws {
        let record = Self.records()[0]
        guard text != "type" else {
            // Known to be no Boolean, which every record would be filtered for.
            let error = #expect(throws: ConnectorError.self) { try CloudEventsSQL.filter(text) }
            #expect(error?.code == .invalidConfiguration)
            return
        }
        let function = try CloudEventsSQL.filter(text)
        #expect(try await function.apply(record).parts.count == (passes ? 1 : 0))
        #expect(try await function.apply(record).parts.first?.record == (passes ? record : nil))
        let rejecting = try CloudEventsSQL.filter(text, onError: .reject)
        let evaluation = try CloudEventsSQL(text).evaluate(record)
        if evaluation.errors.isEmpty, evaluation.value.type == .boolean {
            #expect(try await rejecting.apply(record).parts.count == (passes ? 1 : 0))
        } else {
            let error = await #expect(throws: ConnectorError.self) { try await rejecting.apply(record) }
            #expect(error?.code == .invalidRecord && error?.position == record.position)
            #expect(error?.cause as? CloudEventsSQLError == evaluation.errors.first)
        }
    }

    @Test(
        "A filter that can never let anything pass is refused",
        arguments: ["type = ", "NONE(1)", "1 + 1", "'x'", "type", "ABS(1)"]
    )
    func refused(text: String) {
        let error = #expect(throws: ConnectorError.self) { try CloudEventsSQL.filter(text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("the SQL expression is wrong: ") == true)
    }

    @Test("G7 L17: a pipeline filters by an expression; what cannot be evaluated is filtered, or rejected")
    func pipeline() async throws {
        for (action, letters) in [(SQLCondition.ErrorAction.isFalse, 0), (.reject, 2)] {
            let (input, output) = (InMemoryLog(), InMemoryLog())
            for number in 0..<6 {
                var record = ConnectorRecord(.text("r\(number)"))
                record.type = number % 2 == 0 ? "even" : "odd"
                if number < 4 { record[extension: "rank"] = .integer(Int32(number)) }
                input.append(contentsOf: [record])
            }
            input.finish()
            let store = InMemoryDeadLetterStore()
            var options = DeliveryOptions()
            options.onError = .deadLetter
            let pipeline = Pipeline(
                "filtered",
                from: InMemorySource(input),
                through: [try .filter(.sql("rank >= 1 AND type IN ('even', 'odd')", onError: action))],
                to: InMemorySink(output),
                offsets: InMemoryOffsetStore(),
                deadLetters: .store(store),
                options: options
            )
            try await pipeline.run()
            #expect(output.texts == ["r1", "r2", "r3"])
            #expect(store.count == letters)
        }
    }
}

extension CloudEventsSQL {
    /// The function as a pipeline gets it.
    fileprivate static func filter(_ text: String, onError: SQLCondition.ErrorAction = .isFalse) throws
        -> any RecordFunction
    {
        let functions: [any RecordFunction] = [try .filter(.sql(text, onError: onError))]
        return functions[0]
    }
}
