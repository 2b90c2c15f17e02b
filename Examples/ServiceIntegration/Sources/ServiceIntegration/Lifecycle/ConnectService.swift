// SPDX-License-Identifier: Apache-2.0

public import ConnectRuntimeKit
import OpenConnect
public import ServiceLifecycle

/// A ``/ConnectRuntimeKit/ConnectRuntime`` as a service of swift-service-lifecycle.
///
/// On a graceful shutdown every pipeline drains up to its `drainDeadline`: what was polled is delivered and committed. When the
/// task is cancelled, what is in flight is abandoned, to be read again.
///
/// A runtime whose pipelines all come to their end ends too, which a `ServiceGroup` takes for a fault unless told otherwise: give
/// the runtime the option `staysWithoutWork`, or the service the `successTerminationBehavior` `.gracefullyShutdownGroup`.
public struct ConnectService: Service {
    private let runtime: ConnectRuntime

    /// The service that runs a runtime, once.
    public init(_ runtime: ConnectRuntime) {
        self.runtime = runtime
    }

    /// Runs the pipelines until they have come to their end, the service is to shut down, or the task is cancelled.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` that names the pipelines that have failed for good; `CancellationError`.
    public func run() async throws {
        try await withGracefulShutdownHandler {
            do {
                try await runtime.run()
            } catch let error as ConnectorError where error.code == .cancelled && Task.isCancelled {
                throw CancellationError()
            }
        } onGracefulShutdown: {
            runtime.stop()
        }
    }
}
