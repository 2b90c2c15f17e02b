// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import Synchronization
import Testing

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Processes that are started again whenever they are killed.
final class Fleet: Sendable {
    private let members: [Member]
    private let processes = Mutex<[String: ChildProcess]>([:])

    init(_ members: [Member]) { self.members = members }

    /// Keeps the processes running for as long as the body runs.
    func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for member in members {
                group.addTask {
                    try await self.keepRunning(member)
                    return false
                }
            }
            group.addTask {
                try await body()
                return true
            }
            while let isOver = try await group.next(), !isOver {}
            group.cancelAll()
        }
    }

    private func keepRunning(_ member: Member) async throws {
        while !Task.isCancelled {
            try await withChildProcess(member.command) { process in
                processes.withLock { $0[member.name] = process }
                let exit = await process.wait()
                guard exit == .signalled(SIGKILL) else {
                    throw Database.Failure(description: "\(member.name) ended, \(exit): \(process.standardError)")
                }
            }
        }
    }

    /// Kills one of those that are running and have a name that may be killed.
    func killOne(_ mayBeKilled: @Sendable (String) -> Bool = { _ in true }) async throws {
        try await until("a process runs") {
            let running = processes.withLock { $0.filter { mayBeKilled($0.key) && $0.value.exit == nil } }
            return running.values.randomElement()?.send(SIGKILL) ?? false
        }
    }
}
