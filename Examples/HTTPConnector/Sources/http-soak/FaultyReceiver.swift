// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Synchronization

/// Takes events, fails for some of them, and notes what came in which order.
final class FaultyReceiver: Sendable {
    private struct State {
        var newest: [Int]
        var seen: [[Bool]]
        var delivered = 0
        var repeated = 0
        var misplaced = 0
        var faults = 0
        var generator = SystemRandomNumberGenerator()
    }

    /// What a request meets.
    private enum Fate { case taken, unavailable, hangs, resets, losesAnswer }

    private let state: Mutex<State>
    private let faultRate: Double

    init(keys: Int, eventsPerKey: Int, faultRate: Double) {
        let rows = Array(repeating: Array(repeating: false, count: eventsPerKey), count: keys)
        state = Mutex(State(newest: Array(repeating: -1, count: keys), seen: rows))
        self.faultRate = faultRate
    }

    var delivered: Int { state.withLock(\.delivered) }
    var repeated: Int { state.withLock(\.repeated) }
    var misplaced: Int { state.withLock(\.misplaced) }
    var faults: Int { state.withLock(\.faults) }

    /// Listens until the task is cancelled.
    func run(_ onListening: @escaping @Sendable (Int) -> Void) async throws {
        let application = Application(
            responder: CallbackResponder<ChannelContext> { request, context in
                try await self.answer(request, context.channel)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 1024),
            onServerRunning: { onListening($0.localAddress?.port ?? 0) },
            logger: Logger(label: "receiver") { _ in SwiftLogNoOpLogHandler() }
        )
        try await application.run()
    }

    private func answer(_ request: Request, _ channel: any Channel) async throws -> Response {
        let body = String(buffer: try await request.body.collect(upTo: 1 << 20))
        let words = body.split(separator: " ").compactMap { Int($0) }
        guard words.count >= 2 else { return Response(status: .badRequest) }
        switch fate() {
        case .taken:
            take(key: words[0], number: words[1])
            return Response(status: .noContent)
        case .unavailable:
            return Response(status: .serviceUnavailable)
        case .hangs:
            try? await Task.sleep(for: .seconds(3600))
        case .resets:
            channel.close(promise: nil)
        case .losesAnswer:
            take(key: words[0], number: words[1])
            channel.close(promise: nil)
        }
        return Response(status: .internalServerError)
    }

    private func fate() -> Fate {
        state.withLock { state in
            guard Double.random(in: 0..<1, using: &state.generator) < faultRate else { return .taken }
            state.faults += 1
            return [.unavailable, .hangs, .resets, .losesAnswer].randomElement(using: &state.generator) ?? .taken
        }
    }

    private func take(key: Int, number: Int) {
        state.withLock { state in
            guard state.newest.indices.contains(key), state.seen[key].indices.contains(number) else {
                state.misplaced += 1
                return
            }
            guard !state.seen[key][number] else {
                state.repeated += 1
                return
            }
            state.seen[key][number] = true
            state.delivered += 1
            if number != state.newest[key] + 1 { state.misplaced += 1 }
            state.newest[key] = max(number, state.newest[key])
        }
    }
}

/// The context of a request, with its connection.
struct ChannelContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
