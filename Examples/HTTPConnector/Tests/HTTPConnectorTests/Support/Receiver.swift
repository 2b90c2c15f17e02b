// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CloudEventsCodec
import ConnectRuntimeKit
@testable import HTTPConnector
import NIOCore
import NIOHTTP1
import OpenConnect

/// A pipeline that receives over HTTP, and what its senders need of it.
struct Receiver: Sendable {
    let port: Int
    let log: InMemoryLog
    let pipeline: Pipeline
    let bodies: BodyBudget

    /// Sends a request, and waits for the answer.
    func send(
        _ body: some Sequence<UInt8>,
        _ headers: [String: String] = [:],
        method: String = "POST",
        path: String = "/"
    ) async throws -> Reply {
        try await Reply.of("http://127.0.0.1:\(port)\(path)", Array(body), headers, method: method)
    }

    func send(
        _ body: String,
        _ headers: [String: String] = [:],
        method: String = "POST",
        path: String = "/"
    ) async throws -> Reply {
        try await send(body.utf8, headers, method: method, path: path)
    }
}

/// What a sender is answered.
struct Reply: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    static func of(
        _ url: String,
        _ body: [UInt8],
        _ headers: [String: String],
        method: String,
        client: HTTPClient = .shared
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: url)
        request.method = .RAW(value: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await client.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        let pairs = response.headers.map { ($0.name.lowercased(), $0.value) }
        return Reply(
            status: Int(response.status.code),
            headers: Dictionary(pairs) { first, _ in first },
            body: text
        )
    }
}

/// Runs a pipeline from HTTP into memory for as long as the body runs, and drains it.
///
/// - Parameter host: where it listens, on a free port.
func withReceiver(
    _ options: HTTPSource.Options = HTTPSource.Options(),
    on host: String = "127.0.0.1",
    into makeSink: @Sendable (InMemoryLog) -> any Sink = { InMemorySink($0) },
    delivery: DeliveryOptions = DeliveryOptions(),
    _ body: (Receiver) async throws -> Void
) async throws {
    let source = HTTPSource(listen: .host(host, port: 0), options: options)
    let log = InMemoryLog()
    let (listening, announce) = AsyncStream<Void>.makeStream()
    let sink = makeSink(log)
    let pipeline = Pipeline(
        "in",
        from: source,
        to: sink,
        options: delivery,
        observer: .events { event in if event.attributes["address"] != nil { announce.yield() } }
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
            defer { announce.finish() }
            try await pipeline.run()
        }
        for await _ in listening { break }
        guard case .host(_, let port)? = source.address.map(\.place) else { return try await group.waitForAll() }
        defer { pipeline.stop() }
        try await body(Receiver(port: port, log: log, pipeline: pipeline, bodies: source.bodies))
        pipeline.stop()
        try await group.waitForAll()
    }
}
