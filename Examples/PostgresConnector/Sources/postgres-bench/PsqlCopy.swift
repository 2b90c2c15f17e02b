// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
@preconcurrency import Glibc
#endif

/// What somebody would do by hand.
struct PsqlCopy: Sendable {
    let url: String
    let directory: String

    private var file: String { directory + "/rows.txt" }

    /// Makes the table, and the file with its rows.
    func prepare(rows: Int) async throws {
        try await run("DROP TABLE IF EXISTS bench", "CREATE TABLE bench (\(BenchRows.columns))")
        guard let stream = fopen(file, "w") else { throw Failure(description: "\(file) cannot be written") }
        defer { fclose(stream) }
        for row in 0..<rows { fputs(BenchRows.line(row), stream) }
    }

    func empty() async throws { try await run("TRUNCATE bench", "CHECKPOINT") }
    func copy() async throws { try await run("\\copy bench from '\(file)'") }

    private func run(_ commands: String...) async throws {
        let arguments = commands.flatMap { ["-c", $0] }
        let result = try await ProcessCommand("psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url] + arguments)
            .run()
        guard result.exit == .exited(0) else { throw Failure(description: "psql failed: \(result.standardError)") }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
