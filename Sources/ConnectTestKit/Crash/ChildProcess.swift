// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A process that a test runs, stops and kills. ``withChildProcess(_:_:)`` starts one.
public final class ChildProcess: Sendable {
    /// The number that the system gave the process.
    public let identifier: Int32
    private let output: KeptOutput
    private let errors: KeptOutput
    /// How it ended. Signals are sent and the end is noticed under the lock, so that no other process is hit that was
    /// given the same number.
    private let ended = Mutex<ProcessExit?>(nil)

    init(_ command: ProcessCommand) throws(CrashTestError) {
        output = try KeptOutput(command.standardOutput)
        errors = try KeptOutput(command.standardError)
        identifier = try spawn(command, output: output.descriptor, errors: errors.descriptor)
    }

    /// How the process ended, or `nil` while it lives.
    public var exit: ProcessExit? {
        ended.withLock { ended in
            if let ended { return ended }
            var status: Int32 = 0
            switch waitpid(identifier, &status, WNOHANG) {
            case identifier: ended = ProcessExit(waitStatus: status)
            case -1 where errno == ECHILD: ended = .unknown
            default: break
            }
            return ended
        }
    }

    /// What the process has written on standard output until now, unless the command sends that to a file.
    public var standardOutput: String { output.text }

    /// What the process has written on standard error until now, unless the command sends that to a file.
    public var standardError: String { errors.text }

    /// Sends a signal, to this process and not to those that it has started.
    ///
    /// - Returns: whether the process had not been seen ended; it may have ended in the moment before.
    @discardableResult
    public func send(_ signal: Int32) -> Bool {
        ended.withLock { ended in
            ended == nil && kill(identifier, signal) == 0
        }
    }

    /// Waits until the process ends. When the task is cancelled, the process is killed.
    ///
    /// - Returns: how it ended.
    public func wait() async -> ProcessExit {
        if let exit = try? await wait(atMost: .seconds(1 << 40)) { return exit }
        return await end()
    }

    /// Waits until the process ends, and not longer than that.
    ///
    /// - Returns: how it ended, or `nil` if it still lives.
    /// - Throws: `CancellationError`.
    public func wait(atMost limit: Duration) async throws -> ProcessExit? {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while true {
            if let exit { return exit }
            if clock.now >= deadline { return nil }
            try await clock.sleep(for: .milliseconds(1))
        }
    }

    /// Kills the process if it lives, and leaves nothing of it behind.
    @discardableResult
    func end() async -> ProcessExit {
        send(SIGKILL)
        while true {
            if let exit { return exit }
            await withCheckedContinuation { waiting in
                DispatchQueue.global().async { [identifier] in
                    // It is left to be collected under the lock.
                    var information = siginfo_t()
                    _ = waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT)
                    waiting.resume()
                }
            }
        }
    }
}

/// Starts a process for as long as the closure runs.
///
/// However the closure ends, the process does not outlive it: it is killed if it still runs. When the task is cancelled, it
/// is killed at once. No zombie and no open descriptor is left. Processes that it has started itself are not killed.
///
/// - Throws: ``CrashTestError`` with the code `cannotStart`, and what the closure throws.
public func withChildProcess<Result>(
    _ command: ProcessCommand,
    _ body: (ChildProcess) async throws -> Result
) async throws -> Result {
    try Task.checkCancellation()
    let child = try ChildProcess(command)
    do {
        let result = try await withTaskCancellationHandler {
            try await body(child)
        } onCancel: {
            child.send(SIGKILL)
        }
        await child.end()
        return result
    } catch {
        await child.end()
        throw error
    }
}
