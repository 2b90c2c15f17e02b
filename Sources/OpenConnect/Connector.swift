// SPDX-License-Identifier: Apache-2.0

/// What every source and every sink has in common: it is started once and stopped once.
///
/// A runner makes a new instance for each (re)start, so an instance never has to become usable again after ``stop()``.
/// Connectors are usually actors: Swift then proves that they have no data race.
public protocol Connector: Sendable {
    /// Connects to the external system, reads the stored positions from the context, and checks what it can.
    ///
    /// Called once, before any other requirement except `traits`. When it throws, or is cancelled, ``stop()`` is still
    /// called. The default does nothing.
    ///
    /// - Parameter context: the connector's view of its runner; it may be kept.
    /// - Throws: ``ConnectorError`` with the code that tells a passing fault from a lasting one.
    func start(_ context: ConnectorContext) async throws

    /// Releases everything that ``start(_:)`` took, also when `start` failed half way.
    ///
    /// Called exactly once, after `start` returned or threw and after the last other call has returned. The default
    /// does nothing.
    func stop() async
}

extension Connector {
    /// Does nothing.
    public func start(_ context: ConnectorContext) async throws {}
    /// Does nothing.
    public func stop() async {}
}
