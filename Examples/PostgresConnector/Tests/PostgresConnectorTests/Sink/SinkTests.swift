// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import Glibc
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct SinkTests {
        /// A sink of a table that is made, for as long as the closure runs.
        private func withSink<Result>(
            _ definition: String,
            _ configure: (inout PostgresSinkOptions) -> Void = { _ in },
            _ body: (PostgresSink, ConnectionTarget) async throws -> Result
        ) async throws -> Result {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE \"the table\" (\(definition))", in: target)
            var options = PostgresSinkOptions(table: "\"the table\"")
            options.createPositions = true
            configure(&options)
            let sink = try PostgresSink(server.address(target), options: options)
            do {
                try await sink.start(TestHost().context)
                let result = try await body(sink, target)
                await sink.stop()
                return result
            } catch {
                await sink.stop()
                throw error
            }
        }

        private func batch(_ lines: [String]) throws -> RecordBatch {
            RecordBatch(
                try lines.enumerated().map { index, line in
                    ConnectorRecord(try .json(SharedBytes(utf8: line)), offset: RecordOffset(Int64(index)))
                }
            )
        }

        private func rows(_ columns: String, _ target: ConnectionTarget) async throws -> [[String?]] {
            try await PostgresServer.shared.execute("SELECT \(columns) FROM \"the table\" ORDER BY 1", in: target)
        }

        // MARK: Types

        @Test(
            arguments: [
                ("numeric", "0.10", "0.10"),
                ("numeric", "123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
                ("numeric", "\"NaN\"", "NaN"), ("float8", "1e300", "1e+300"), ("float8", "0.1", "0.1"),
                ("bigint", "-9223372036854775808", "-9223372036854775808"), ("boolean", "true", "true"),
                ("text", "\"tab\\tline\\nback\\\\ größe \\\\N\"", "tab\tline\nback\\ größe \\N"),
                ("text", "\"\\\\.\"", "\\."),
                ("text", "[1, 2]", "[1,2]"), ("text", "1.50", "1.50"), ("text", "null", nil),
                ("timestamptz", "\"2026-11-21T12:00:00.123456+02:00\"", "2026-11-21 10:00:00.123456+00"),
                ("jsonb", "{\"b\": [1.0, \"x\\n\"], \"a\": null}", "{\"a\": null, \"b\": [1.0, \"x\\n\"]}"),
                ("json", "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"), ("jsonb", "\"text\"", "\"text\""),
                ("bytea", "\"AP8K\"", "\\x00ff0a"), ("bytea", "\"\\\\x00ff\"", "\\x00ff"),
                ("int[]", "[1, null, 3]", "{1,NULL,3}"), ("int[][]", "[[1, 2], [3, 4]]", "{{1,2},{3,4}}"),
                (
                    "text[]", "[\"a,b\", \"say \\\"hi\\\"\", \"back\\\\slash\", \"NULL\", \"\"]",
                    "{\"a,b\",\"say \\\"hi\\\"\",\"back\\\\slash\",\"NULL\",\"\"}"
                ),
                ("jsonb[]", "[{\"a\": [1]}]", "{\"{\\\"a\\\": [1]}\"}"), ("bytea[]", "[\"AP8=\"]", "{\"\\\\x00ff\"}"),
                ("uuid", "\"6f1f1d0c-0000-4000-8000-00000000000a\"", "6f1f1d0c-0000-4000-8000-00000000000a"),
            ] as [(String, String, String?)]
        )
        func valuesAreReadByTheTypeOfTheirColumn(type: String, value: String, stored: String?) async throws {
            try await withSink("v \(type)") { sink, target in
                let result = try await sink.put(batch(["{\"v\": \(value)}"]))
                #expect(result.isDelivered, "\(result.exceptions.compactMap(\.verdict.error))")
                #expect(try await rows("v::text", target) == [[stored]])
            }
        }

        @Test func structuredValuesKeepTheirTypes() async throws {
            try await withSink("b bytea, t timestamptz, n numeric, x text") { sink, target in
                let data: StructuredObject = [
                    "b": .bytes(SharedBytes([0, 1])), "t": .timestamp(try Timestamp("2026-11-21T12:00:00.5Z")),
                    "n": .decimal("1e400"), "x": .bytes(SharedBytes([255])),
                ]
                let record = ConnectorRecord(.structured(.object(data)), offset: RecordOffset(0))
                #expect(try await sink.put(RecordBatch([record])).isDelivered)
                let row = try await rows("b, t, n > 1e399, x", target)
                #expect(row == [["\\x0001", "2026-11-21 12:00:00.5+00", "t", "/w=="]])
            }
        }

        // MARK: Bad rows

        @Test func everyBadRowIsFoundAndNothingIsWritten() async throws {
            try await withSink("id int PRIMARY KEY, n numeric(4) NOT NULL, s text") { sink, target in
                var lines = (0..<200).map { "{\"id\": \($0), \"n\": 1}" }
                lines[7] = "{\"id\": 7, \"n\": \"seven\"}"
                lines[8] = "{\"id\": 8, \"n\": null}"
                lines[99] = "{\"id\": 99, \"n\": 123456}"
                lines[150] = "{\"id\": 5, \"n\": 1}"
                lines[199] = "{\"id\": 199, \"n\": 1, \"s\": \"zero \\u0000\"}"
                let result = try await sink.put(batch(lines))
                let rejected = result.exceptions.filter { $0.verdict.error != nil }
                #expect(rejected.map(\.index) == [7, 8, 99, 150, 199])
                #expect(rejected.allSatisfy { $0.verdict.error?.code == .invalidRecord })
                #expect(rejected[1].verdict.error?.message.contains("column n") == true)
                #expect(try await rows("count(*)", target) == [["0"]])
                for index in [199, 150, 99, 8, 7] { lines.remove(at: index) }
                #expect(try await sink.put(batch(lines)).isDelivered)
                #expect(try await rows("count(*)", target) == [["195"]])
            }
        }

        @Test func aBadRowInALargeBatchIsFoundAndNothingIsWritten() async throws {
            try await withSink("id int PRIMARY KEY, n numeric(4) NOT NULL") { sink, target in
                var lines = (0..<4500).map { "{\"id\": \($0), \"n\": 1}" }
                for bad in ["{\"id\": 4200, \"n\": 123456}", "{\"id\": 4200, \"no column\": 1}"] {
                    lines[4200] = bad
                    let result = try await sink.put(batch(lines))
                    #expect(result.exceptions.filter { $0.verdict.error != nil }.map(\.index) == [4200])
                    #expect(try await rows("count(*)", target) == [["0"]])
                }
                lines[4200] = "{\"id\": 4200, \"n\": 2}"
                #expect(try await sink.put(batch(lines)).isDelivered)
                #expect(try await rows("count(*), sum(id), sum(n)", target) == [["4500", "10122750", "4501"]])
            }
        }

        @Test(
            arguments: [
                "[1]", "{}", "{\"nothing\": 1}", "{\"id\": 1, \"more\": 2}", "{\"b\": \"no base64!\", \"id\": 1}", "3",
            ]
        )
        func whatCannotBeARowIsRejected(line: String) async throws {
            try await withSink("id int, b bytea") { sink, _ in
                let result = try await sink.put(batch(["{\"id\": 1}", line]))
                #expect(result.exceptions.map(\.index) == [0, 1])
                #expect(result.exceptions.last?.verdict.error?.code == .invalidRecord)
            }
        }

        @Test(
            arguments: [
                ("40P01", .retryable), ("53200", .throttled), ("57P01", .notConnected), ("57014", .retryable),
            ] as [(String, ConnectorError.Code)]
        )
        func aFailureWhileBadRowsAreLookedForIsWhatItIsElsewhere(
            state: String,
            code: ConnectorError.Code
        ) async throws {
            let server = try PostgresServer.shared
            try await withSink("id int") { sink, target in
                for statement in Self.failures(after: 1, state) { try await server.execute(statement, in: target) }
                let error = await connectorError { try await sink.put(batch(["{\"id\": 1}", "{\"id\": \"x\"}"])) }
                #expect(error?.code == code)
                #expect(error?.message.contains("SQLSTATE \(state)") == true, "\(error?.message ?? "none")")
                try await server.execute("DROP TRIGGER failing ON \"the table\"", in: target)
                #expect(try await sink.put(batch(["{\"id\": 1}"])).isDelivered)
            }
        }

        /// The statements that make each insertion of a row fail after so many, whatever is rolled back meanwhile.
        private static func failures(after count: Int, _ state: String) -> [String] {
            [
                "CREATE SEQUENCE insertions",
                """
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF nextval('insertions') > \(count) THEN RAISE EXCEPTION 'it fails' USING ERRCODE = '\(state)'; END IF;
                    RETURN new;
                END $$
                """,
                "CREATE TRIGGER failing BEFORE INSERT ON \"the table\" FOR EACH ROW EXECUTE FUNCTION fail()",
            ]
        }

        @Test func aConstraintThatIsCheckedAtTheEndFindsItsRowToo() async throws {
            try await withSink("id int UNIQUE DEFERRABLE INITIALLY DEFERRED") { sink, target in
                let result = try await sink.put(batch(["{\"id\": 1}", "{\"id\": 2}", "{\"id\": 1}", "{\"id\": 3}"]))
                #expect(result.exceptions.filter { $0.verdict.error != nil }.map(\.index) == [2])
                #expect(try await rows("count(*)", target) == [["0"]])
            }
        }

        // MARK: Modes

        @Test func anUpsertChangesOnlyWhatIsGivenAndTheLastOneCounts() async throws {
            try await withSink("\"the key\" int PRIMARY KEY, a text, b text DEFAULT 'none'", { $0.mode = .upsert }) {
                sink,
                target in
                let first = [
                    "{\"the key\": 1, \"a\": \"x\", \"b\": \"y\"}", "{\"the key\": 2, \"a\": \"old\"}",
                    "{\"the key\": 2, \"a\": \"new\"}", "{\"the key\": 1, \"a\": \"z\"}",
                ]
                #expect(try await sink.put(batch(first)).isDelivered)
                #expect(try await rows("*", target) == [["1", "z", "y"], ["2", "new", "none"]])
                #expect(try await sink.put(batch(["{\"the key\": 2, \"b\": null}", "{\"the key\": 3}"])).isDelivered)
                #expect(try await rows("*", target) == [["1", "z", "y"], ["2", "new", nil], ["3", nil, "none"]])
                let result = try await sink.put(batch(["{\"a\": \"no key\"}"]))
                #expect(result.exceptions.first?.verdict.error?.message.contains("'the key'") == true)
            }
        }

        @Test func columnsThatThePrimaryKeyOnlyIncludesAreChangedByAnUpsert() async throws {
            let definition = "id int, note text, PRIMARY KEY (id) INCLUDE (note)"
            try await withSink(definition, { $0.mode = .upsert }) { sink, target in
                for note in ["old", "new"] {
                    let result = try await sink.put(batch(["{\"id\": 1, \"note\": \"\(note)\"}"]))
                    #expect(result.isDelivered, "\(result.exceptions.compactMap(\.verdict.error))")
                }
                #expect(try await rows("*", target) == [["1", "new"]])
            }
        }

        @Test func anUpsertOfARowThatIsThereNeedsNotAllItsValues() async throws {
            try await withSink("id int PRIMARY KEY, a text NOT NULL, b text", { $0.mode = .upsert }) { sink, target in
                #expect(try await sink.put(batch(["{\"id\": 1, \"a\": \"x\"}"])).isDelivered)
                #expect(try await sink.put(batch(["{\"id\": 1, \"b\": \"y\"}"])).isDelivered)
                #expect(try await rows("*", target) == [["1", "x", "y"]])
                let result = try await sink.put(batch(["{\"id\": 2, \"b\": \"y\"}"]))
                #expect(result.exceptions.first?.verdict.error?.message.contains("column a") == true)
            }
        }

        @Test func anEventIsThereOnceByItsSourceAndId() async throws {
            let definition =
                "source text, id text, type text, time timestamptz, subject text, kind text, data jsonb, PRIMARY KEY (source, id)"
            let configure: (inout PostgresSinkOptions) -> Void = {
                $0.mode = .insertNew
                $0.layout = .event
            }
            try await withSink(definition, configure) { sink, target in
                var record = ConnectorRecord(try .json(SharedBytes(utf8: "{\"n\": 1}")), offset: RecordOffset(4))
                record.id = "e1"
                record.source = URIReference("/shop")
                record.type = "made"
                record.time = try Timestamp("2026-11-21T12:00:00Z")
                record[extension: AttributeName("kind")] = "big"
                var other = record
                other.id = nil
                #expect(try await sink.put(RecordBatch([record, other, record])).isDelivered)
                #expect(try await sink.put(RecordBatch([record])).isDelivered)
                let time = "2026-11-21 12:00:00+00"
                #expect(
                    try await rows("id, source, type, time, subject, kind, data", target) == [
                        ["4", "/shop", "made", time, nil, "big", "{\"n\": 1}"],
                        ["e1", "/shop", "made", time, nil, "big", "{\"n\": 1}"],
                    ]
                )
            }
        }

        @Test func columnsAreChosen() async throws {
            let definition = "id text, city text, k text, at timestamptz, whole jsonb"
            let columns = [
                "id": "event.id", "city": "data.address.city", "k": "key", "at": "timestamp", "whole": "data",
            ]
            try await withSink(definition, { $0.columns = columns }) { sink, target in
                let data = "{\"address\": {\"city\": \"Köln\"}}"
                var record = ConnectorRecord(
                    try .json(SharedBytes(utf8: data)),
                    offset: RecordOffset(7),
                    timestamp: RecordTimestamp(nanosecondsSince1970: -1_000_000)
                )
                record.key = "K"
                #expect(try await sink.put(RecordBatch([record])).isDelivered)
                #expect(try await rows("*", target) == [["7", "Köln", "K", "1969-12-31 23:59:59.999+00", data]])
            }
        }

        @Test(
            arguments: [
                ("no_such_table", [:], "no_such_table"), ("t", ["nothing": "data"], "no column 'nothing'"),
            ] as [(String, [String: String], String)]
        )
        func whatIsMissingIsNamed(table: String, columns: [String: String], words: String) async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE t (n int)", in: target)
            var options = PostgresSinkOptions(table: table)
            options.columns = columns
            let sink = try PostgresSink(server.address(target), options: options)
            let error = await connectorError { try await sink.checkConnection(TestHost().context) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains(words) == true)
        }

        // MARK: Two owners

        @Test func anOwnerThatFreezesWithinATransactionIsFencedByItsSuccessor() async throws {
            try await withSink("id int") { sink, target in
                let scope = ClaimScope(connector: "orders")
                func advance(_ epoch: UInt64, from: Int64?, to: Int64) -> PositionAdvance {
                    func stored(_ offset: Int64) -> StoredPosition {
                        StoredPosition(RecordPosition(offset: RecordOffset(offset)), sequence: UInt64(offset))
                    }
                    let step = PositionAdvance.Step(from: from.map(stored), to: stored(to))
                    return PositionAdvance(scope: scope, epoch: Epoch(epoch), steps: [step])
                }
                let rows = try batch(["{\"id\": 1}"])
                #expect(try await sink.put(rows, advancing: advance(5, from: nil, to: 1)).isDelivered)
                // Another transaction of the connector is under way: positions and puts wait for it.
                try await withConnection(target) { frozen in
                    try await frozen.run("BEGIN", [], "a test")
                    let lock = "UPDATE openconnect.sink_positions SET epoch = 6 WHERE connector = 'orders'"
                    try await frozen.run(lock, [], "a test")
                    async let positions = sink.positions(in: scope)
                    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                    #expect(try await eventually { try await frozen.run(waiting, [], "a test").rows == [["1"]] })
                    try await frozen.run("COMMIT", [], "a test")
                    #expect(try await positions.map(\.sequence) == [1])
                }
                let error = await connectorError { try await sink.put(rows, advancing: advance(5, from: 1, to: 2)) }
                #expect(error?.code == .fenced)
                #expect(try await sink.put(rows, advancing: advance(6, from: 1, to: 2)).isDelivered)
                #expect(try await self.rows("count(*)", target) == [["2"]])
            }
        }
    }
}
