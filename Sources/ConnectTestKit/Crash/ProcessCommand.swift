// SPDX-License-Identifier: Apache-2.0

/// What a ``ChildProcess`` is to run.
public struct ProcessCommand: Sendable {
    /// The path of the executable; one without a slash is looked for in `PATH`.
    public var executable: String
    /// The arguments behind the executable's own name.
    public var arguments: [String]
    /// What is added to this process's environment, or put in the place of what is there.
    public var environment: [String: String] = [:]
    /// Where the process begins; `nil` for where this one is. One that does not exist ends it with the status of a shell.
    public var workingDirectory: String?
    /// A file to which standard output is appended; `nil` to keep it for ``ChildProcess/standardOutput``.
    public var standardOutput: String?
    /// A file to which standard error is appended; `nil` to keep it for ``ChildProcess/standardError``.
    public var standardError: String?
    /// The largest file the process may write, in bytes, a multiple of 512: what a test has for a disk that is full.
    ///
    /// A write beyond it fails with `EFBIG`; the signal that would come with it (`SIGXFSZ`) is ignored in the process.
    /// What is kept of its outputs counts too.
    public var maximumFileSize: Int?

    /// A command line, in this process's environment and directory, whose outputs are kept.
    public init(_ executable: String, _ arguments: [String] = []) {
        self.executable = executable
        self.arguments = arguments
    }

    /// The same command with other arguments.
    public func with(arguments: [String]) -> ProcessCommand {
        var command = self
        command.arguments = arguments
        return command
    }

    /// All words of the command line, the executable first. What a process can only set for itself, its directory and its
    /// limits, is set by a shell, which the executable then replaces.
    var words: [String] {
        if workingDirectory == nil, maximumFileSize == nil { return [executable] + arguments }
        let limit = maximumFileSize.map { "trap '' XFSZ && ulimit -S -f \($0 / 512) && " } ?? ""
        let script = "cd -- \"$0\" && \(limit)exec \"$@\""
        return ["/bin/sh", "-c", script, workingDirectory ?? ".", executable] + arguments
    }
}

/// What is known of a process that has ended.
public struct ProcessResult: Sendable {
    /// How it ended.
    public let exit: ProcessExit
    /// What it wrote on standard output, where that was kept.
    public let standardOutput: String
    /// What it wrote on standard error, where that was kept.
    public let standardError: String
}

extension ProcessCommand {
    /// Runs the command to its end.
    ///
    /// - Parameter limit: how long it may take.
    /// - Throws: ``CrashTestError``: `cannotStart`, or `timeLimit`; the process is killed then. `CancellationError` when
    ///   the task is cancelled; the process is killed then too.
    public func run(atMost limit: Duration = .seconds(60)) async throws -> ProcessResult {
        try await withChildProcess(self) { child in
            guard let exit = try await child.wait(atMost: limit) else {
                throw CrashTestError(
                    .timeLimit,
                    "'\(executable)' still runs after \(limit); standard error: \(child.standardError)"
                )
            }
            return ProcessResult(
                exit: exit,
                standardOutput: child.standardOutput,
                standardError: child.standardError
            )
        }
    }
}
