// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import Synchronization

/// A script that the server carries out as one step.
///
/// It is called by its digest; a server that does not know that, because it was started again, is given the whole script.
final class RedisScript: Sendable {
    private let source: String
    private let digest = Mutex<String?>(nil)

    init(_ source: String) { self.source = source }

    /// Calls the script.
    ///
    /// - Parameters:
    ///   - keys: the names of the keys that it touches.
    ///   - arguments: whatever else it needs.
    /// - Throws: ``/OpenConnect/ConnectorError``.
    func run(over link: RedisLink, _ keys: [SharedBytes], _ arguments: [SharedBytes], _ task: String) async throws
        -> RedisReply
    {
        let known = try await digest(link, task)
        do {
            return try await call(link, known, keys, arguments, task)
        } catch let error as ServerError where error.code == "NOSCRIPT" {
            digest.withLock { $0 = nil }
        } catch let error as ServerError {
            throw error.error(task)
        }
        do {
            return try await call(link, try await digest(link, task), keys, arguments, task)
        } catch let error as ServerError {
            throw error.error(task)
        }
    }

    private func digest(_ link: RedisLink, _ task: String) async throws -> String {
        if let known = digest.withLock({ $0 }) { return known }
        let reply = try await link.run(["SCRIPT", "LOAD", source], task)
        guard let loaded = reply.text else {
            throw ConnectorError(.fatal, "\(task): the server gave a script no digest")
        }
        digest.withLock { $0 = loaded }
        return loaded
    }

    private func call(
        _ link: RedisLink,
        _ digest: String,
        _ keys: [SharedBytes],
        _ arguments: [SharedBytes],
        _ task: String
    ) async throws -> RedisReply {
        var commands = RedisCommands()
        commands.begin(3 + keys.count + arguments.count)
        commands.add("EVALSHA")
        commands.add(digest)
        commands.add(keys.count)
        for word in keys + arguments { commands.add(word) }
        return try await link.run(commands, task).single()
    }
}
