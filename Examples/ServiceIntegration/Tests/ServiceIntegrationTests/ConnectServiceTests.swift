// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import ConnectTestKit
import Logging
import OpenConnect
import ServiceIntegration
import ServiceLifecycle
import Testing

@Suite struct ConnectServiceTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(.timeLimit(.minutes(10))) func gracefulShutdownDelivers() async throws {
        let (input, output, gate) = (InMemoryLog(), InMemoryLog(), Gate())
        input.append(.text("a"))
        let runtime = try ConnectRuntime([Pipeline("p", from: input, to: GatedSink(log: output, gate: gate))])
        let group = ServiceGroup(services: [ConnectService(runtime)], logger: logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            await gate.arrivals()
            await group.triggerGracefulShutdown()
            // The runtime has been told, and the record is still on its way.
            #expect(output.count == 0)
            gate.open()
            try await tasks.waitForAll()
        }
        #expect(output.texts == ["a"])
        #expect(input.committed(by: "p").count == 1)
        #expect(runtime.health.pipelines.first?.status.state == .stopped)
    }

    @Test(.timeLimit(.minutes(10))) func cancellationEndsIt() async throws {
        let (input, output) = (InMemoryLog(), InMemoryLog())
        input.append(.text("a"))
        let runtime = try ConnectRuntime([Pipeline("p", from: input, to: InMemorySink(output))])
        await withThrowingTaskGroup { tasks in
            tasks.addTask { try await ConnectService(runtime).run() }
            _ = try? await output.waitForCount(1)
            tasks.cancelAll()
            await #expect(throws: CancellationError.self) { try await tasks.waitForAll() }
        }
    }

    @Test(.timeLimit(.minutes(10))) func failuresComeOut() async throws {
        let sink = FailingSink(error: ConnectorError(.fatal, "the disk is gone"))
        let runtime = try ConnectRuntime(
            [Pipeline("p", from: InMemoryLog([.text("a")]), to: sink)],
            options: .failingOnce
        )
        let error = await #expect(throws: ConnectorError.self) { try await ConnectService(runtime).run() }
        #expect(error?.message.contains("the disk is gone") == true)
        #expect(error?.code == .fatal)
    }

    @Test(.timeLimit(.minutes(10))) func itEndsWithItsPipelines() async throws {
        let output = InMemoryLog()
        let runtime = try ConnectRuntime([Pipeline("p", from: InMemoryLog([.text("a")]), to: InMemorySink(output))])
        try await ConnectService(runtime).run()
        #expect(output.texts == ["a"])
    }
}
