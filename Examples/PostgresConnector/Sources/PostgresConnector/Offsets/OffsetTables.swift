// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The tables of the offset store and the statements on them.
///
/// Every change is one round trip that the server carries out by itself: an owner that freezes holds no lock.
struct OffsetTables: Sendable {
    let schema: String
    private let prefix: String

    init(schema: String) {
        self.schema = schema
        prefix = SQL.identifier(schema) + "."
    }

    /// Whether the tables are there.
    var presence: PostgresStatement {
        PostgresStatement("SELECT to_regclass($1) IS NOT NULL", [PostgresParameter("\(prefix)checkpoints")])
    }

    /// Makes the tables, unless another process is doing so: that one is waited for.
    var creation: [PostgresStatement] {
        [
            "SELECT pg_advisory_xact_lock(hashtext('openconnect.offsets'))",
            "CREATE SCHEMA IF NOT EXISTS \(SQL.identifier(schema))",
            "CREATE SEQUENCE IF NOT EXISTS \(prefix)sessions AS integer CYCLE",
            """
            CREATE TABLE IF NOT EXISTS \(prefix)connectors (
                connector text COLLATE "C" PRIMARY KEY,
                epoch bigint NOT NULL)
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)claims (
                connector text COLLATE "C" NOT NULL,
                partition text COLLATE "C",
                epoch bigint NOT NULL,
                session integer NOT NULL,
                owner text NOT NULL,
                expires timestamptz NOT NULL,
                PRIMARY KEY (connector, epoch))
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)positions (
                connector text COLLATE "C" NOT NULL,
                partition text COLLATE "C" NOT NULL,
                position text NOT NULL,
                sequence numeric(20) NOT NULL,
                PRIMARY KEY (connector, partition))
            """,
            """
            CREATE TABLE IF NOT EXISTS \(prefix)checkpoints (
                connector text COLLATE "C" NOT NULL,
                scope text COLLATE "C" NOT NULL,
                sink text COLLATE "C" NOT NULL,
                checkpoint bytea NOT NULL,
                version bigint NOT NULL,
                PRIMARY KEY (connector, scope, sink))
            """,
        ].map { PostgresStatement($0) }
    }

    /// Gives a session a number, and a lock on it that ends with the session: so others see at once that it is gone.
    var beginning: PostgresStatement {
        PostgresStatement(
            """
            SELECT s.number, pg_advisory_lock(l.class, s.number)
            FROM (SELECT nextval($1::regclass)::integer AS number) s,
                (SELECT ('x' || lpad(to_hex($2::regclass::oid::bigint), 8, '0'))::bit(32)::integer AS class) l
            """,
            [PostgresParameter("\(prefix)sessions"), PostgresParameter("\(prefix)claims")]
        )
    }

    /// Has what earlier sessions of this process claimed go on in its present one.
    func moving(_ sessions: [Int], to next: Int, lease: Duration) -> PostgresStatement {
        PostgresStatement(
            "UPDATE \(prefix)claims SET session = $2, expires = \(expiry(lease)) WHERE session = ANY ($1::integer[])",
            [PostgresParameter(SQL.array(sessions.map { "\($0)" })), PostgresParameter(next)]
        )
    }

    private func expiry(_ lease: Duration) -> String {
        "clock_timestamp() + interval '\(Int(lease / .milliseconds(1))) milliseconds'"
    }

    // MARK: Claiming

    /// Takes a scope, in the order: wait for other claims of the connector, remove owners that are gone, take it if nobody is
    /// left; then tell who is left, and what is stored.
    func claim(_ request: ClaimRequest, session: Int, owner: String, lease: Duration) -> [PostgresStatement] {
        let scope = request.scope
        let connector = PostgresParameter(StoredText.name(scope.connector))
        let partition = PostgresParameter(scope.partition.map { StoredText.name($0.name) })
        let rival = "c.connector = $1 AND ($2::text IS NULL OR c.partition IS NULL OR c.partition = $2)"
        let isGone = request.policy == .takeOver ? "true" : "(c.expires < clock_timestamp() OR NOT \(isAlive))"
        return [
            PostgresStatement(
                "INSERT INTO \(prefix)connectors VALUES ($1, 0) ON CONFLICT (connector) DO NOTHING",
                [connector]
            ),
            PostgresStatement("SELECT epoch FROM \(prefix)connectors WHERE connector = $1 FOR UPDATE", [connector]),
            PostgresStatement("DELETE FROM \(prefix)claims c WHERE \(rival) AND \(isGone)", [connector, partition]),
            PostgresStatement(
                """
                WITH next AS (
                    UPDATE \(prefix)connectors SET epoch = epoch + 1
                    WHERE connector = $1 AND NOT EXISTS (SELECT FROM \(prefix)claims c WHERE \(rival))
                    RETURNING epoch)
                INSERT INTO \(prefix)claims (connector, partition, epoch, session, owner, expires)
                SELECT $1, $2, epoch, $3::integer, $4, \(expiry(lease)) FROM next RETURNING epoch
                """,
                [connector, partition, PostgresParameter(session), PostgresParameter(owner)]
            ),
            PostgresStatement(
                "SELECT c.epoch, c.owner, c.partition FROM \(prefix)claims c WHERE \(rival) ORDER BY c.epoch LIMIT 1",
                [connector, partition]
            ),
            PostgresStatement(
                """
                SELECT partition, position, sequence FROM \(prefix)positions
                WHERE connector = $1 AND ($2::text IS NULL OR partition = $2)
                """,
                [connector, partition]
            ),
            PostgresStatement(
                "SELECT sink, checkpoint, version FROM \(prefix)checkpoints WHERE connector = $1 AND scope = $2",
                [connector, PostgresParameter(Self.scopeText(scope))]
            ),
        ]
    }

    /// Whether the session that made a claim still holds the lock on its number.
    private var isAlive: String {
        """
        EXISTS (SELECT FROM pg_locks l
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
            AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND l.classid = '\(prefix.doubledQuotes)claims'::regclass::oid AND l.objid::bigint = c.session)
        """
    }

    /// A connector as a whole is the empty text: a partition has a sign before its name, which may be empty.
    private static func scopeText(_ scope: ClaimScope) -> String {
        scope.partition.map { "=" + StoredText.name($0.name) } ?? ""
    }

    // MARK: Owning

    private func ownership(_ claim: ClaimToken) -> [PostgresParameter] {
        [PostgresParameter(StoredText.name(claim.scope.connector)), PostgresParameter(claim.epoch.number)]
    }

    private func renewing(_ lease: Duration) -> String {
        "UPDATE \(prefix)claims SET expires = \(expiry(lease)) WHERE connector = $1 AND epoch = $2 RETURNING epoch"
    }

    /// Prolongs a claim; no row comes back where it is lost.
    func renewal(_ claim: ClaimToken, lease: Duration) -> PostgresStatement {
        PostgresStatement(renewing(lease), ownership(claim))
    }

    /// Stores changes if the claim is not lost: in one statement, whose other parts see whether its first found the claim.
    func saving(_ changes: OffsetChanges, under claim: ClaimToken, lease: Duration) -> PostgresStatement {
        let positions = changes.positions
        let checkpoints = changes.checkpoints.sorted { $0.key < $1.key }
        return PostgresStatement(
            """
            WITH owner AS (\(renewing(lease))),
            removed AS (
                DELETE FROM \(prefix)positions
                WHERE connector = $1 AND partition = ANY ($3::text[]) AND EXISTS (SELECT FROM owner)),
            stored AS (
                INSERT INTO \(prefix)positions (connector, partition, position, sequence)
                SELECT $1, p.partition, p.position, p.sequence
                FROM unnest($4::text[], $5::text[], $6::numeric[]) AS p (partition, position, sequence), owner
                ON CONFLICT (connector, partition)
                DO UPDATE SET position = excluded.position, sequence = excluded.sequence),
            kept AS (
                INSERT INTO \(prefix)checkpoints (connector, scope, sink, checkpoint, version)
                SELECT $1, $7, k.sink, k.checkpoint, k.version
                FROM unnest($8::text[], $9::bytea[], $10::bigint[]) AS k (sink, checkpoint, version), owner
                ON CONFLICT (connector, scope, sink)
                DO UPDATE SET checkpoint = excluded.checkpoint, version = excluded.version)
            SELECT epoch FROM owner
            """,
            ownership(claim) + [
                PostgresParameter(SQL.array(changes.removed.map { StoredText.name($0.name) })),
                PostgresParameter(SQL.array(positions.map { StoredText.name($0.position.partition.name) })),
                PostgresParameter(SQL.array(positions.map { StoredText.offset($0.position.offset) })),
                PostgresParameter(SQL.array(positions.map { String($0.sequence) })),
                PostgresParameter(Self.scopeText(claim.scope)),
                PostgresParameter(SQL.array(checkpoints.map { StoredText.name($0.key) })),
                PostgresParameter(SQL.array(checkpoints.map { SQL.hex($0.value.bytes) })),
                PostgresParameter(SQL.array(checkpoints.map { String($0.value.version) })),
            ]
        )
    }

    /// Gives a claim back.
    func release(_ claim: ClaimToken) -> PostgresStatement {
        PostgresStatement("DELETE FROM \(prefix)claims WHERE connector = $1 AND epoch = $2", ownership(claim))
    }
}

extension String {
    fileprivate var doubledQuotes: String { replacing("'", by: "''") }
}
