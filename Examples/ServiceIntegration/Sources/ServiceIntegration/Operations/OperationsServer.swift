// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
import HTTPServing
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import OpenConnect
public import ServiceLifecycle
import Synchronization

/// A small HTTP server by which a service is watched.
///
/// | path | answer |
/// |---|---|
/// | `/metrics` | everything in ``PrometheusMetrics``, and the figures of the pipelines at that moment |
/// | `/health/ready` | 200 when every pipeline does what is wanted of it, else 503: one starts, fails or is stalled |
/// | `/health/live` | 503 when a call does not return (`stallLimit`), which only a new process mends, else 200 |
/// | `/pipelines` | the state of each pipeline, what it has moved, its calls and its last error |
///
/// The answers about health and pipelines are JSON. Pipelines that are paused, stopped or wait for the owner of their offsets
/// are healthy. A pipeline that has failed does not make the process dead: the runtime restarts it as its `RestartPolicy` says,
/// and a restart of the process would disturb the others.
///
/// It takes 256 connections at a time, and cuts those that are idle for a minute, whose request is not there in time, or that
/// take nothing of their answer for a minute. A body is left aside. There is no authentication: let it listen where only those can reach it who are meant to.
public final class OperationsServer: Service {
    private let responder: OperationsResponder
    private let wanted: ListenAddress
    private let limits: ConnectionLimits
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void
    private let bound = Mutex<ListenAddress?>(nil)

    /// A server that listens once it runs.
    ///
    /// - Parameters:
    ///   - runtime: whose pipelines are told of.
    ///   - wanted: where to listen.
    ///   - metrics: what the service itself counts; only the pipelines' figures without it.
    ///   - redaction: knows secrets, which are taken out of what is said of errors.
    ///   - requestTimeout: how long a client may take to send a request, once it has begun.
    ///   - answerTimeout: how long a client may take nothing of an answer.
    ///   - logger: is told what goes wrong with requests.
    ///   - onListening: is told the address, with the port that was chosen for the port 0.
    public init(
        _ runtime: ConnectRuntime,
        on wanted: ListenAddress,
        metrics: PrometheusMetrics = PrometheusMetrics(),
        redaction: SecretRedaction = SecretRedaction(),
        requestTimeout: Duration = .seconds(30),
        answerTimeout: Duration = .seconds(60),
        logger: Logger = Logger(label: "operations"),
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        responder = OperationsResponder(runtime: runtime, metrics: metrics, redaction: redaction)
        self.wanted = wanted
        var limits = ConnectionLimits(maxBodyBytes: 16 * 1024)
        limits.requestTimeout = requestTimeout
        limits.answerTimeout = answerTimeout
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
    }

    /// Where the server listens; `nil` before it does.
    public var address: ListenAddress? { bound.withLock { $0 } }

    /// Serves until the task is cancelled or the service is to shut down; returns then.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` when it cannot listen there.
    public func run() async throws {
        let (addresses, told) = AsyncStream.makeStream(of: ListenAddress.self)
        do {
            try await withThrowingTaskGroup { group in
                // Beside the server, which answers nobody before it has said where it listens.
                group.addTask { for await address in addresses { await self.onListening(address) } }
                defer { group.cancelAll() }
                try await application { told.yield($0) }.run()
            }
        } catch  where !Task.isCancelled {
            throw address == nil ? cannotListen(error) : error
        } catch {
            // What a server says that was cancelled.
        }
    }

    private func application(
        _ told: @escaping @Sendable (ListenAddress) -> Void
    ) -> some ApplicationProtocol {
        Application(
            responder: CallbackResponder<BasicRequestContext> { [responder] request, _ in
                responder.response(to: request.head)
            },
            server: .http1(within: limits),
            configuration: ApplicationConfiguration(
                address: .hostname(wanted.host, port: wanted.port),
                availableConnectionsDelegate: MaximumAvailableConnections(256, logger: logger)
            ),
            onServerRunning: { [self] channel in told(noteListening(channel)) },
            logger: logger
        )
    }

    private func noteListening(_ channel: any Channel) -> ListenAddress {
        var address = wanted
        if let port = channel.localAddress?.port { address.port = port }
        bound.withLock { $0 = address }
        return address
    }

    private func cannotListen(_ error: any Error) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the operations server cannot listen on \(wanted): \(error); choose another address",
            cause: error
        )
    }
}
