// SPDX-License-Identifier: Apache-2.0

// Pipelines as a part of a service: run, fed, asked how they are, and stopped with the rest of it.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

struct OrderDelivery: Sendable {
    private let queue: PushQueue
    private let runtime: ConnectRuntime

    init(log: @escaping @Sendable (String) -> Void) throws {
        let queue = PushQueue()
        let orders = Pipeline("orders", from: queue, to: FileSink(path: "orders.txt", append: true))
        var options = RuntimeOptions()
        options.restart = .forever
        self.queue = queue
        runtime = try ConnectRuntime([orders], options: options, observer: .events { log("\($0.level) \($0.message)") })
    }

    /// Runs until ``shutDown()``; one of the service's tasks.
    func run() async throws {
        // Orders that come too late get an error, and do not wait for another run.
        defer { queue.close() }
        try await runtime.run()
    }

    /// Returns when the order is safe.
    func deliver(_ order: String) async throws {
        let acknowledgement = try await queue.deliver(ConnectorRecord(.text(order)))
        guard acknowledgement.outcome == .delivered else {
            throw acknowledgement.error ?? ConnectorError(.invalidRecord, "the order was not delivered")
        }
    }

    /// For the service's readiness probe.
    var isReady: Bool { runtime.health.isReady }

    /// Delivers what was taken, and ends ``run()``.
    func shutDown() async throws { try await runtime.stop(within: .seconds(45)) }
}
// snippet.hide

let delivery = try OrderDelivery { print($0) }
try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await delivery.run() }
    try await delivery.deliver("an order")
    precondition(delivery.isReady)
    try await delivery.shutDown()
    try await group.waitForAll()
}
