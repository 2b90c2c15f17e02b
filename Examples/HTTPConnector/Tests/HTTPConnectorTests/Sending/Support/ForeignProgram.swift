// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Testing

/// A program that a test needs and that comes from a package of the system.
struct ForeignProgram: Sendable {
    let path: String
    /// The package of Debian that has it.
    let package: String

    static let python = ForeignProgram(path: "/usr/bin/python3", package: "python3")
    static let nginx = ForeignProgram(path: "/usr/sbin/nginx", package: "nginx-light")
    static let openssl = ForeignProgram(path: "openssl", package: "openssl")

    /// Runs it for as long as the body runs; where it is missing, says what to install.
    func running<Result>(
        _ arguments: [String],
        _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        do {
            return try await withChildProcess(ProcessCommand(path, arguments), body)
        } catch let error as CrashTestError where error.code == .cannotStart {
            Issue.record("\(path) cannot be started: install the Debian package \(package)")
            throw error
        }
    }

    /// Waits until it says that it is ready.
    func wait(for child: ChildProcess, until isReady: () -> Bool) async throws {
        while !isReady() {
            try #require(child.exit == nil, "\(path) (Debian: \(package)) has ended: \(child.standardError)")
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
