// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import OpenConnectFiles
import Testing

@testable import ConnectRuntimeKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite("Offset store of files, and its rivals", .timeLimit(.minutes(10)))
struct FileOffsetStoreLockTests {
    @Test(
        "a second store is refused, and is told by whom and what to do",
        arguments: [
            (ClaimPolicy.failIfOwned, "give this one a directory of its own"), (.takeOver, "it cannot be taken over"),
        ]
    )
    func secondStore(policy: ClaimPolicy, advice: String) async throws {
        try await withTemporaryDirectory { directory in
            let first = FileOffsetStore(directory: directory)
            let claim = try await first.claim(.of("orders"))
            let second = FileOffsetStore(directory: directory + "/../" + (directory.split(separator: "/").last ?? ""))
            let error = await connectorError { _ = try await second.claim(.of("returns", nil, policy)) }
            #expect(error?.code == .retryable)
            #expect(error?.message.contains("another store of this process (\(getpid()))") == true)
            #expect(error?.message.contains(advice) == true)
            try await first.save(.at(1), under: claim.token)
            try await first.release(claim.token)
            #expect(try await second.claim(.of("orders", nil, policy)).positions == [.at(1)])
        }
    }

    @Test("a lock of another process is named by its number")
    func otherProcess() async throws {
        try await withTemporaryDirectory { directory in
            let lock = try FileDescriptor(directory + "/lock", [.readingAndWriting, .creating])
            #expect(try lock.lockExclusively())
            try lock.write(Array("4711\n".utf8))
            let store = FileOffsetStore(directory: directory)
            let error = await connectorError { _ = try await store.claim(.of("orders")) }
            #expect(error?.message.contains("in use by process 4711;") == true)
            try lock.truncate(to: 0)
            let unknown = await connectorError { _ = try await store.claim(.of("orders")) }
            #expect(unknown?.message.contains("in use by another process;") == true)
        }
    }

    @Test(
        "a process that is killed leaves no lock behind, and a standby goes on",
        .enabled(if: access("/usr/bin/flock", X_OK) == 0)
    )
    func killedProcess() async throws {
        try await withTemporaryDirectory { directory in
            let lock = directory + "/lock"
            let process = try spawn(["/usr/bin/flock", "--exclusive", "--no-fork", lock, "sleep", "60"])
            let store = FileOffsetStore(directory: directory, pollInterval: .milliseconds(1), faults: .none)
            while let claim = try? await store.claim(.of("orders")) { try await store.release(claim.token) }
            async let standby = store.claim(.of("orders", nil, .wait))
            #expect(kill(process, SIGKILL) == 0)
            #expect(try await standby.positions.isEmpty)
            #expect(waitpid(process, nil, 0) == process)
        }
    }

    private func spawn(_ arguments: [String]) throws -> pid_t {
        var process = pid_t()
        let strings = arguments.map { strdup($0) }
        defer { for string in strings { free(string) } }
        let code = posix_spawn(&process, arguments[0], nil, nil, strings + [nil], nil)
        guard code == 0 else { throw FileError(code: code, operation: "run", path: arguments[0]) }
        return process
    }

    @Test("a standby waits for another store too, and stops when cancelled")
    func standby() async throws {
        try await withTemporaryDirectory { directory in
            let first = FileOffsetStore(directory: directory)
            let claim = try await first.claim(.of("orders"))
            let second = FileOffsetStore(directory: directory, pollInterval: .milliseconds(1), faults: .none)
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        _ = try await second.claim(.of("orders", nil, .wait))
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                group.cancelAll()
                #expect(await group.next() == true)
            }
            async let standby = second.claim(.of("orders", nil, .wait))
            try await first.save(.at(8), under: claim.token)
            try await first.release(claim.token)
            #expect(try await standby.positions == [.at(8)])
        }
    }

    @Test("the last release gives the directory back, not an earlier one; old claims are outdated then")
    func lastRelease() async throws {
        try await withTemporaryDirectory { directory in
            let store = FileOffsetStore(directory: directory)
            let orders = try await store.claim(.of("orders"))
            let returns = try await store.claim(.of("returns"))
            try await store.release(orders.token)
            #expect(await code { _ = try await reopened(directory) } == .retryable)
            try await store.release(returns.token)
            #expect(try await reopened(directory).isEmpty)
            #expect(await code { try await store.save(.at(1), under: returns.token) } == .fenced)
            try await store.release(returns.token)
            let again = try await store.claim(.of("returns"))
            #expect(again.token.epoch > returns.token.epoch)
        }
    }

    @Test("G12: without its lock file a store saves no more, as another may own the directory")
    func removedLock() async throws {
        try await withTemporaryDirectory { directory in
            let first = FileOffsetStore(directory: directory)
            let claim = try await first.claim(.of("orders"))
            try FileSystem.remove(directory + "/lock")
            let second = FileOffsetStore(directory: directory)
            let other = try await second.claim(.of("orders"))
            try await second.save(.at(2), under: other.token)
            let error = await connectorError { try await first.save(.at(1), under: claim.token) }
            #expect(error?.code == .fenced && error?.message.contains("'\(directory)/lock'") == true)
            try await first.release(claim.token)
            try await second.release(other.token)
            #expect(try await reopened(directory) == [.at(2)])
        }
    }

    @Test("G13: a log that is removed or replaced in use is written again, so that the next start is not from zero")
    func removedLog() async throws {
        try await withTemporaryDirectory { directory in
            let store = FileOffsetStore(directory: directory)
            let claim = try await store.claim(.of("orders"))
            try await store.save(.at(1, in: "a"), under: claim.token)
            try FileSystem.remove(directory + "/offsets.log")
            try await store.save(.at(2, in: "b"), under: claim.token)
            try FileSystem.rename(directory + "/offsets.log", to: directory + "/copy")
            try await store.save(.at(3, in: "c"), under: claim.token)
            try await store.release(claim.token)
            #expect(try await reopened(directory).map(\.sequence) == [1, 2, 3])
        }
    }

    @Test("a claim that fails does not keep the directory")
    func failedClaim() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            recorder.start { _, step in step.isSynchronization ? .fails(EIO) : nil }
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            #expect(await code { _ = try await store.claim(.of("orders")) } == .retryable)
            let positions = try await reopened(directory)
            #expect(positions.isEmpty)
        }
    }
}
