// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect

/// An answer that `curl` got.
struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Fetches a URL.
    init(_ url: String, arguments: [String] = []) async throws {
        let command = ProcessCommand("curl", ["-s", "-S", "-i", "--max-time", "20"] + arguments + [url])
        let result: ProcessResult
        do {
            result = try await command.run()
        } catch let error as CrashTestError where error.code == .cannotStart {
            throw MissingProgram(name: "curl", package: "curl")
        }
        guard result.exit == .exited(0) else { throw Failure(url: url, text: result.standardError) }
        let text = result.standardOutput
        let split = text.firstRange(of: "\r\n\r\n")
        let head = text[..<(split?.lowerBound ?? text.endIndex)].split(separator: "\r\n")
        body = split.map { String(text[$0.upperBound...]) } ?? ""
        status = head.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
        headers = head.dropFirst().reduce(into: [:]) { headers, line in
            guard let colon = line.firstIndex(of: ":") else { return }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            headers[line[..<colon].lowercased()] = String(value)
        }
    }

    struct Failure: Error {
        let url: String
        let text: String
    }
}

/// A program that a test needs and that is not installed.
struct MissingProgram: Error, CustomStringConvertible {
    let name: String
    let package: String

    var description: String { "'\(name)' is missing; install the Debian package '\(package)'" }
}

/// A process did not do in time what it should.
struct TooLate: Error {
    let text: String
}

/// Asks another process again and again, until it gives an answer.
func eventually<Value>(
    _ what: String,
    atMost limit: Duration = .seconds(60),
    _ ask: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now.advanced(by: limit)
    var lastError: (any Error)?
    while ContinuousClock.now < deadline {
        do {
            if let value = try await ask() { return value }
        } catch let error as MissingProgram {
            throw error
        } catch {
            lastError = error
        }
        try await ContinuousClock().sleep(for: .milliseconds(50))
    }
    throw TooLate(text: "\(what) is not there after \(limit); \(lastError.map { "\($0)" } ?? "no error")")
}
