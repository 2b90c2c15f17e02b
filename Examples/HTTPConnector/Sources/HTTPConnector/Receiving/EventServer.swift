// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import OpenConnect
import ServiceLifecycle
import Synchronization

/// The server of an ``HTTPSource``: listens from its start to its stop.
final class EventServer: Sendable {
    private let group: ServiceGroup
    private let listening: AsyncStream<ListenAddress>
    private let end = ServerEnd()
    private let hasBegun = Mutex(false)
    private let run: @Sendable () async throws -> Void

    init(
        _ address: ListenAddress,
        _ options: HTTPSource.Options,
        _ responder: EventResponder,
        _ bodies: BodyBudget
    ) throws {
        let logger = Logger(label: "openconnect.http") { _ in SwiftLogNoOpLogHandler() }
        let (listening, announce) = AsyncStream<ListenAddress>.makeStream()
        let application = Application(
            responder: responder,
            server: try Self.server(options, bodies),
            configuration: ApplicationConfiguration(
                address: address.bindAddress,
                backlog: 1024,
                availableConnectionsDelegate: .maximum(options.maxConnections, logger: logger)
            ),
            onServerRunning: { announce.yield(address.bound(to: $0.localAddress)) },
            logger: logger
        )
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.farewell
        let group = ServiceGroup(configuration: configuration)
        self.group = group
        self.listening = listening
        run = { [end] in
            defer {
                announce.finish()
                end.come()
            }
            try await group.run()
        }
    }

    /// How long requests that are being answered, and connections that are being closed, may take at the end.
    private static let farewell = Duration.seconds(5)

    private static func server(_ options: HTTPSource.Options, _ bodies: BodyBudget) throws -> HTTPServerBuilder {
        var limits = ConnectionLimits(maxBodyBytes: options.maxBodyBytes)
        limits.requestTimeout = options.requestTimeout
        limits.idleTimeout = options.idleTimeout
        limits.hasRoom = { bodies.hasRoom(for: $0) }
        let http = HTTPServerBuilder.http1(within: limits)
        guard let tls = options.tls else { return http }
        return try .tls(http, tlsConfiguration: tls.configuration())
    }

    /// Listens, in a task of the connector's runner.
    ///
    /// - Returns: where, which is known now also where the system has chosen the port.
    /// - Throws: ``ConnectorError`` where that is not possible.
    func start(_ context: ConnectorContext, at address: ListenAddress) async throws -> ListenAddress {
        let failure = StartFailure()
        hasBegun.withLock { $0 = true }
        context.addTask(named: "server") { [run] in
            do { try await run() } catch  where failure.isBeforeStart {
                failure.note(error)
            }
        }
        for await bound in listening {
            failure.startIsOver()
            return bound
        }
        try Task.checkCancellation()
        throw ConnectorError.cannotListen(on: address, failure.text)
    }

    /// Lets requests that are being answered come to their end, and closes all connections.
    func stop() async {
        await group.triggerGracefulShutdown()
        if hasBegun.withLock(\.self) { await end.wait() }
    }
}
