// SPDX-License-Identifier: Apache-2.0

import ConnectTestKit
import OpenConnect
import Testing

@testable import HTTPConnector

/// A sender of items, one after the other, each until it is taken.
private final class ItemSender: Sendable {
    private let items: AsyncStream<String>.Continuation
    private let sending: Task<Void, Never>

    init(port: Int) {
        let (stream, items) = AsyncStream<String>.makeStream()
        self.items = items
        sending = Task {
            for await item in stream { await Self.send(item, to: port) }
        }
    }

    /// By a connection of its own: a client with a pool waits longer and longer while nobody listens yet.
    private static func send(_ item: String, to port: Int) async {
        let headers = RefusedRequest.event.map { "\($0.key): \($0.value)\r\n" }.joined()
        let request =
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\ncontent-type: text/plain\r\n\(headers)"
            + "Content-Length: \(item.utf8.count)\r\n\r\n\(item)"
        while !Task.isCancelled {
            let answer = try? await RawConnection.exchange(port, Array(request.utf8))
            if answer?.hasPrefix("HTTP/1.1 202") == true { return }
            try? await Task.sleep(for: .milliseconds(2))
        }
    }

    func send(_ items: [String]) { for item in items { self.items.yield(item) } }

    func close() async {
        sending.cancel()
        items.finish()
        await sending.value
    }
}

@Suite("S101: an HTTP source keeps the contract of a source", .timeLimit(.minutes(10)))
struct SourceConformanceTests {
    @Test("The conformance suite passes")
    func conforms() async throws {
        let report = await SourceConformance("HTTPSource") {
            let port = try await freePort()
            let sender = ItemSender(port: port)
            var options = HTTPSource.Options()
            options.answer = .accepted
            let chosen = options
            var subject = SourceSubject(
                makeSource: { HTTPSource(listen: .host("127.0.0.1", port: port), options: chosen) },
                write: { items in sender.send(items) }
            )
            try subject.refuseWrongSettings(of: HTTPSource.self, besides: ["listen": "127.0.0.1:0"])
            // Nobody can send an empty body as text, nor find one out from none.
            subject.accepts = { !$0.isEmpty }
            subject.close = { await sender.close() }
            return subject
        }.run()
        #expect(report.isPassed, "\(report)")
        #expect(report["source.order"]?.verdict == .passed, "\(report)")
    }
}
