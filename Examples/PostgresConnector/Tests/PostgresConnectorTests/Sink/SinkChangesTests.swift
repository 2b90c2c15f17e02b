// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Testing

@testable import PostgresConnector

extension WithServer {
    @Suite struct SinkChangesTests {
        private func withSink(
            _ definition: String,
            applies: Bool = true,
            _ body: (PostgresSink, ConnectionTarget) async throws -> Void
        ) async throws {
            let server = try PostgresServer.shared
            let target = try await server.newDatabase()
            try await server.execute("CREATE TABLE t (\(definition))", in: target)
            var options = PostgresSinkOptions(table: "t")
            options.mode = .upsert
            options.appliesChanges = applies
            let sink = try PostgresSink(server.address(target), options: options)
            do {
                try await sink.start(TestHost().context)
                try await body(sink, target)
                await sink.stop()
            } catch {
                await sink.stop()
                throw error
            }
        }

        private func record(_ change: String, _ line: String?) throws -> ConnectorRecord {
            var record = ConnectorRecord(try line.map { try .json(SharedBytes(utf8: $0)) } ?? .absent)
            record.type = "org.openconnect.postgres-cdc.\(change)"
            record.subject = "public.t"
            return record
        }

        private func batch(_ changes: [(String, String?)]) throws -> RecordBatch {
            RecordBatch(try changes.map { try record($0.0, $0.1) })
        }

        private func rows(_ target: ConnectionTarget) async throws -> [[String?]] {
            try await PostgresServer.shared.execute("SELECT * FROM t ORDER BY 1", in: target)
        }

        @Test func changesAreAppliedInTheirOrder() async throws {
            try await withSink("id int PRIMARY KEY, a text NOT NULL, b text") { sink, target in
                let first = try batch([
                    ("snapshot", "{\"id\": 1, \"a\": \"x\", \"b\": \"large\"}"),
                    ("insert", "{\"id\": 2, \"a\": \"y\", \"b\": null}"), ("delete", "{\"id\": 2}"),
                    ("insert", "{\"id\": 2, \"a\": \"z\", \"b\": null}"), ("update", "{\"id\": 1, \"a\": \"w\"}"),
                    ("insert", "{\"id\": 3, \"a\": \"gone\", \"b\": null}"), ("delete", "{\"id\": 3}"),
                ])
                #expect(try await sink.put(first).isDelivered)
                #expect(try await rows(target) == [["1", "w", "large"], ["2", "z", nil]])
                let second = try batch([
                    ("truncate", nil), ("insert", "{\"id\": 4, \"a\": \"new\", \"b\": null}"),
                    // A row that is not there any more, and of which not all is known.
                    ("update", "{\"id\": 9, \"b\": \"late\"}"), ("delete", "{\"id\": 8, \"a\": \"whole row\"}"),
                ])
                #expect(try await sink.put(second).isDelivered)
                #expect(try await rows(target) == [["4", "new", nil]])
            }
        }

        @Test func aBadRowAmongChangesIsFound() async throws {
            try await withSink("id int PRIMARY KEY, a text NOT NULL") { sink, target in
                let changes = try batch([
                    ("insert", "{\"id\": 1, \"a\": \"x\"}"), ("truncate", nil), ("insert", "{\"id\": 2, \"a\": null}"),
                    ("delete", "{\"a\": \"no key\"}"), ("delete", "{\"id\": 1}"),
                ])
                let result = try await sink.put(changes)
                #expect(result.exceptions.filter { $0.verdict.error != nil }.map(\.index) == [3])
                let rest = try await sink.put(RecordBatch([changes[0], changes[1], changes[2], changes[4]]))
                #expect(rest.exceptions.filter { $0.verdict.error != nil }.map(\.index) == [2])
                #expect(try await rows(target) == [])
            }
        }

        @Test(arguments: ["delete", "truncate"]) func aDeletionIsNotTakenForARow(change: String) async throws {
            try await withSink("id int PRIMARY KEY, a text", applies: false) { sink, target in
                let result = try await sink.put(batch([(change, change == "delete" ? "{\"id\": 1}" : nil)]))
                #expect(result.exceptions.first?.verdict.error?.message.contains("set changes") == true)
                #expect(try await rows(target) == [])
            }
        }

        @Test func changesAreForUpsertOnly() throws {
            let settings: SettingInput = ["host": "127.0.0.1", "table": "t", "changes": true]
            #expect(throws: (any Error).self) { try PostgresSink(settings: settings) }
        }
    }
}
