// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Runs one side of a pipeline: starts its connector, moves records, and stops it.
protocol ConnectorWorker: Sendable {
    associatedtype Hosted

    /// The name by which events and errors speak of the connector.
    var name: String { get }
    var connector: Hosted { get }
    /// The connector as what both sides have in common.
    var hosted: any Connector { get }
}

extension ConnectorWorker {
    func start(_ context: ConnectorContext) async throws {
        do {
            try await hosted.start(context)
        } catch {
            throw error.inCall("start", of: name)
        }
    }

    func stop() async { await hosted.stop() }
}
