// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The table in which a sink keeps positions, one row for each partition.
///
/// A further row of each connector, with the empty text in the place of a partition, holds its newest epoch. Every
/// transaction begins by locking it: so they take turns, and whoever asks for the positions waits for one that is under way.
struct SinkPositions: Sendable {
    let table: TableName

    var presence: PostgresStatement {
        PostgresStatement("SELECT to_regclass($1) IS NOT NULL", [PostgresParameter(table.sql)])
    }

    var creation: [PostgresStatement] {
        let schema = table.schema.map { "CREATE SCHEMA IF NOT EXISTS \(SQL.identifier($0))" }
        return [
            "SELECT pg_advisory_xact_lock(hashtext('openconnect.positions'))", schema,
            """
            CREATE TABLE IF NOT EXISTS \(table.sql) (
                connector text COLLATE "C" NOT NULL,
                partition text COLLATE "C" NOT NULL,
                epoch bigint NOT NULL,
                position text,
                sequence numeric(20),
                PRIMARY KEY (connector, partition))
            """,
        ].compactMap(\.self).map { PostgresStatement($0) }
    }

    /// The partition's name behind a sign, as the name may be empty.
    private static func key(_ partition: RecordPartition) -> String { "=" + StoredText.name(partition.name) }

    /// Waits for the connector's turn, and reads the rows of a scope.
    func reading(_ scope: ClaimScope) -> [PostgresStatement] {
        let connector = PostgresParameter(StoredText.name(scope.connector))
        let partition = PostgresParameter(scope.partition.map(Self.key))
        return [
            PostgresStatement(
                "INSERT INTO \(table.sql) (connector, partition, epoch) VALUES ($1, '', 0) ON CONFLICT DO NOTHING",
                [connector]
            ),
            PostgresStatement(
                "SELECT epoch FROM \(table.sql) WHERE connector = $1 AND partition = '' FOR UPDATE",
                [connector]
            ),
            PostgresStatement(
                """
                SELECT partition, epoch, position, sequence FROM \(table.sql)
                WHERE connector = $1 AND partition <> '' AND ($2::text IS NULL OR partition = $2)
                """,
                [connector, partition]
            ),
        ]
    }

    /// The positions that were read.
    func positions(_ results: [PostgresResult]) throws -> [StoredPosition] { try rows(results).map(\.position) }

    private struct Row {
        let key: String
        let epoch: UInt64
        let position: StoredPosition
    }

    private func rows(_ results: [PostgresResult]) throws -> [Row] {
        try (results.last?.rows ?? []).map { row in
            guard row.count == 4, let key = row[0], let epoch = row[1].flatMap({ UInt64($0) }), let offset = row[2],
                let sequence = row[3].flatMap({ UInt64($0) })
            else {
                throw ConnectorError(
                    .corruptOffsets,
                    "the table \(table) has a row that cannot be read; correct it, or remove it to begin anew"
                )
            }
            let partition = RecordPartition(StoredText.name(stored: String(key.dropFirst())))
            let place = RecordPosition(partition: partition, offset: try StoredText.offset(stored: offset))
            return Row(key: key, epoch: epoch, position: StoredPosition(place, sequence: sequence))
        }
    }

    /// Makes sure that epoch and positions are the expected ones.
    ///
    /// - Throws: `fenced` where they are not.
    func check(_ advance: PositionAdvance, _ results: [PostgresResult]) throws {
        let rows = try rows(results)
        let newest = results.dropLast().last?.rows.first?.first.flatMap { $0.flatMap { UInt64($0) } } ?? 0
        let found = Dictionary(rows.map { ($0.key, $0) }) { first, _ in first }
        let partitions = advance.steps.compactMap { found[Self.key($0.new.position.partition)]?.epoch }
        if let higher = ([newest] + partitions).first(where: { $0 > advance.epoch.number }) {
            throw ConnectorError(
                .fenced,
                "the positions of \(advance.scope) were moved under epoch \(higher): epoch \(advance.epoch) is outdated, "
                    + "another owner has taken over"
            )
        }
        for step in advance.steps {
            let seen = found[Self.key(step.new.position.partition)]?.position
            guard seen != step.expected else { continue }
            throw ConnectorError(
                .fenced,
                "the position of \(step.new.position.partition) of \(advance.scope.connector) is "
                    + "\(seen.map { "\($0.position.offset)" } ?? "none"), not "
                    + "\(step.expected.map { "\($0.position.offset)" } ?? "none"): somebody else has moved it"
            )
        }
    }

    /// Moves the positions.
    func moving(_ advance: PositionAdvance) -> [PostgresStatement] {
        let connector = PostgresParameter(StoredText.name(advance.scope.connector))
        let epoch = PostgresParameter(advance.epoch.number)
        let steps = advance.steps.map(\.new)
        var statements = [
            PostgresStatement(
                """
                INSERT INTO \(table.sql) (connector, partition, epoch, position, sequence)
                SELECT $1, p.partition, $2::bigint, p.position, p.sequence
                FROM unnest($3::text[], $4::text[], $5::numeric[]) AS p (partition, position, sequence)
                ON CONFLICT (connector, partition) DO UPDATE
                SET epoch = excluded.epoch, position = excluded.position, sequence = excluded.sequence
                """,
                [
                    connector, epoch, PostgresParameter(SQL.array(steps.map { Self.key($0.position.partition) })),
                    PostgresParameter(SQL.array(steps.map { StoredText.offset($0.position.offset) })),
                    PostgresParameter(SQL.array(steps.map { String($0.sequence) })),
                ]
            )
        ]
        // The claim of one partition says nothing about the others.
        if advance.scope.partition == nil {
            statements.append(
                PostgresStatement(
                    "UPDATE \(table.sql) SET epoch = $2 WHERE connector = $1 AND partition = '' AND epoch < $2::bigint",
                    [connector, epoch]
                )
            )
        }
        return statements
    }
}
