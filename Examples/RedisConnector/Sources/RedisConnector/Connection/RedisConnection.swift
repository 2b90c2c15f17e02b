// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import NIOCore
import NIOPosix
import NIOSSL
import OpenConnect

/// One connection to a server. Commands of several tasks share it, each task with all of its commands at once.
package final class RedisConnection: Sendable {
    private let channel: any Channel
    private let address: RedisAddress
    private let end: ReplyHandler.End

    private init(_ channel: any Channel, _ address: RedisAddress, _ end: ReplyHandler.End) {
        self.channel = channel
        self.address = address
        self.end = end
    }

    /// Connects and logs in.
    ///
    /// - Parameter name: what the server's list of clients calls the connection.
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected`, or `invalidConfiguration` for what the server, or the
    ///   server's certificate, refuses.
    package static func open(_ address: RedisAddress, named name: String) async throws -> RedisConnection {
        let end = ReplyHandler.End()
        let connection = RedisConnection(try await channel(to: address, end), address, end)
        do {
            try await connection.logIn(name)
            return connection
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Whether the connection is usable, as far as is known.
    var isOpen: Bool { channel.isActive }

    /// Sends commands and waits for all replies; those that are errors are among them.
    ///
    /// - Parameter wait: for how long the server is told to wait for something before it answers.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `notConnected` when the connection is lost: then it is not known
    ///   which commands were carried out. `CancellationError`, with the same doubt.
    package func run(_ commands: RedisCommands, waiting wait: Duration = .zero) async throws -> RedisReplies {
        guard commands.count > 0 else { return RedisReplies(bytes: SharedBytes(), nodes: [], roots: []) }
        let timeout = address.commandTimeout + wait
        let request = CommandRequest(commands: commands, timeout: .nanoseconds(timeout.nanoseconds))
        channel.writeAndFlush(request).whenFailure { error in
            request.waiter.finish(.failure(ReplyHandler.Loss(cause: error)))
        }
        do {
            return try await request.waiter.value()
        } catch let loss as ReplyHandler.Loss {
            throw Self.error("the connection to Redis at \(address) is lost", end.cause ?? loss.cause)
        }
    }

    /// Sends one command.
    ///
    /// - Throws: what ``run(_:waiting:)`` throws, and for an error of the server what that means.
    package func run(_ words: [String], _ task: String) async throws -> RedisReply {
        do {
            return try await run(RedisCommands(words)).single()
        } catch let error as ServerError {
            throw error.error(task)
        }
    }

    /// Closes the connection; whoever waits for replies is told that it is lost.
    package func close() async { try? await channel.close().get() }

    // MARK: Opening

    private static func channel(to address: RedisAddress, _ end: ReplyHandler.End) async throws -> any Channel {
        let context = try address.tls?.context()
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.nanoseconds(address.connectTimeout.nanoseconds))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: address.serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(ReplyHandler(end))
                }
            }
        let connecting =
            switch address.endpoint.place {
            case .host(let host, let port): bootstrap.connect(host: host, port: port)
            case .socket(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        let waiter = Waiter<any Channel>()
        connecting.whenComplete { result in
            // Nobody waits any more where the task was cancelled.
            if !waiter.finish(result), case .success(let channel) = result { channel.close(promise: nil) }
        }
        do {
            return try await waiter.value()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Self.error("Redis at \(address) cannot be reached", error)
        }
    }

    private func logIn(_ name: String) async throws {
        var commands = RedisCommands()
        if let password = address.password {
            commands.add(["AUTH"] + (address.username.map { [$0] } ?? []) + [password.reveal()])
        }
        commands.add(["SELECT", String(address.database)])
        commands.add(["CLIENT", "SETNAME", name])
        let replies = try await run(commands)
        let task = "logging in to Redis at \(address)"
        for index in 0..<replies.count {
            guard let error = replies[index].error else { continue }
            // What the server says of a login may repeat it.
            if index == 0, address.password != nil { throw loginError(error, task) }
            // A name is a courtesy, and database 0 is the one that a connection begins in.
            if error.code == "NOPERM", index == replies.count - 1 || address.database == 0 { continue }
            throw error.error(task)
        }
    }

    private func loginError(_ error: ServerError, _ task: String) -> ConnectorError {
        if error.isOutage { return error.error(task) }
        let user = address.username.map { "the user '\($0)'" } ?? "the default user"
        return ConnectorError(
            .invalidConfiguration,
            "\(task) failed (\(error.code)): \(user) is not accepted with this password; correct username and password"
        )
    }

    private static func error(_ message: String, _ cause: (any Error)?) -> ConnectorError {
        if let cause, cause.isEndInHandshake {
            return ConnectorError(
                .notConnected,
                "\(message): it was closed during the TLS handshake; if that goes on, check whether the port speaks TLS",
                cause: cause
            )
        }
        if let cause, cause.isTLS {
            return ConnectorError(
                .invalidConfiguration,
                "\(message): TLS does not come about; check both sides' certificates, and whether the port speaks TLS",
                cause: cause
            )
        }
        return ConnectorError(.notConnected, message, cause: cause)
    }
}

extension RedisAddress {
    /// The name that the server's certificate has to have; `nil` where that is a number.
    fileprivate var serverName: String? {
        if let name = tls?.serverName { return name }
        guard case .host(let host, _) = endpoint.place else { return nil }
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }
}

extension Error {
    /// Whether the server went away before the connection was there, as one does that ends or begins.
    fileprivate var isEndInHandshake: Bool {
        guard case .handshakeFailed(let reason)? = self as? NIOSSLError else { return false }
        switch reason {
        case .sslError(let stack), .unknownError(let stack): return stack.contains(.eofDuringHandshake)
        case .syscallError, .zeroReturn: return true
        default: return false
        }
    }

    fileprivate var isTLS: Bool {
        if case .uncleanShutdown? = self as? NIOSSLError { return false }
        return self is NIOSSLError || self is BoringSSLError || self is NIOSSLExtraError
    }
}

extension Duration {
    /// Whole nanoseconds, as many as fit.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        // Nobody waits for three hundred years.
        return min(max(seconds, 0), 9_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Whole milliseconds, at least one: to the server, none at all is for ever.
    var milliseconds: Int64 { max(nanoseconds / 1_000_000, 1) }
}
