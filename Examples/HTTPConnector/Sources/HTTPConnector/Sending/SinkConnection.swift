// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CloudEventsCodec
import NIOCore
import NIOHTTP1
import OpenConnect
import Synchronization

/// A client of one target: makes requests and reads answers, whatever they are about.
final class SinkConnection: Sendable {
    let target: SinkTarget
    let clock: ConnectorClock
    /// Takes the sink's secrets out of what the target says.
    let redaction: SecretRedaction
    private let client: HTTPClient
    private let url: String
    private let headers: HTTPHeaders
    private let timeout: Duration
    private let connectTimeout: Duration

    /// So much of an answer's body is read; what is longer ends the connection.
    private static let bodyLimit = 64 << 10
    /// So much of it is kept for messages.
    private static let excerptLimit = 4 << 10

    init(_ target: SinkTarget, _ options: HTTPSink.Options, _ clock: ConnectorClock) throws {
        self.target = target
        self.clock = clock
        timeout = options.timeout
        connectTimeout = options.connectTimeout
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = TimeAmount(options.connectTimeout)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = options.concurrency
        // The runner decides when to try again, and it knows what else there is to do.
        configuration.connectionPool.retryConnectionEstablishment = false
        if target.isTLS { configuration.tlsConfiguration = try options.tls.configuration() }
        if let name = options.tls.serverName, name != target.host {
            configuration.dnsOverride = [name: target.host]
            url = target.url(host: name)
        } else {
            url = target.url
        }
        headers = Self.headers(target, options)
        redaction = Self.redaction(target, options)
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static func headers(_ target: SinkTarget, _ options: HTTPSink.Options) -> HTTPHeaders {
        var headers = HTTPHeaders([("Host", target.authority)])
        for (name, value) in options.headers.sorted(by: { $0.key < $1.key }) {
            headers.add(name: name, value: value.reveal())
        }
        if let credentials = options.credentials {
            headers.add(name: "Authorization", value: credentials.authorization.reveal())
        }
        return headers
    }

    private static func redaction(_ target: SinkTarget, _ options: HTTPSink.Options) -> SecretRedaction {
        let redaction = SecretRedaction()
        for secret in options.headers.values { redaction.add(secret) }
        for secret in options.credentials?.secrets ?? [] { redaction.add(secret) }
        if let query = target.query { redaction.add(Secret(query)) }
        return redaction
    }

    deinit {
        // A client that was never shut down would trap; one that was does nothing.
        client.shutdown { _ in }
    }

    /// Closes all connections. Requests that are on their way fail.
    func shutdown() async { try? await client.shutdown() }

    /// Makes a request and reads the answer, within the time that a request may take.
    ///
    /// - Parameter deadlines: who tells that the time is over; by itself, where nobody does.
    /// - Throws: ``SendFailure``, and `CancellationError` at once when cancelled.
    func send(
        _ method: String,
        _ headers: [MessageHeader],
        _ body: SharedBytes?,
        _ deadlines: RequestDeadlines? = nil
    ) async throws -> SinkAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: method)
        request.headers = self.headers
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        if let body { request.body = .bytes(ByteBuffer(body)) }
        return try await answer(to: request, deadlines)
    }

    private func answer(
        to request: HTTPClientRequest,
        _ deadlines: RequestDeadlines?
    ) async throws -> SinkAnswer {
        let head = AnswerHead()
        return try await withThrowingTaskGroup(of: SinkAnswer?.self) { group in
            group.addTask { try await self.exchange(request, head) }
            group.addTask {
                if let deadlines {
                    try await deadlines.wait(for: self.timeout)
                } else {
                    try await self.clock.sleep(for: self.timeout)
                }
                return nil
            }
            defer { group.cancelAll() }
            do {
                if let answer = try await group.next() ?? nil { return answer }
            } catch {
                try Task.checkCancellation()
                throw SendFailure(error, connectTimeout: connectTimeout)
            }
            try Task.checkCancellation()
            // An answer that does not come to its end is an answer all the same.
            guard let answer = head.answer else { throw SendFailure.timeout(timeout) }
            return answer
        }
    }

    private func exchange(_ request: HTTPClientRequest, _ head: AnswerHead) async throws -> SinkAnswer {
        let response = try await client.execute(request, deadline: .distantFuture)
        var answer = SinkAnswer(Int(response.status.code), response.headers)
        head.set(answer)
        var (bytes, count) = ([UInt8](), 0)
        do {
            for try await part in response.body {
                count += part.readableBytes
                bytes += part.readableBytesView.prefix(Self.excerptLimit - bytes.count)
                if count > Self.bodyLimit { break }
            }
        } catch {
            // The status has been said, whatever happens to the words behind it.
            try Task.checkCancellation()
        }
        answer.excerpt = excerpt(bytes)
        return answer
    }

    private func excerpt(_ bytes: [UInt8]) -> String {
        LineText.escaped(redaction.redact(String(decoding: bytes, as: UTF8.self)), limit: 200)
    }
}

extension SinkConnection: CustomReflectable {
    /// Shows the target: headers hold secrets.
    var customMirror: Mirror { Mirror(self, children: ["target": target]) }
}

/// The head of an answer, for when its body does not come.
private final class AnswerHead: Sendable {
    private let kept = Mutex<SinkAnswer?>(nil)

    var answer: SinkAnswer? { kept.withLock { $0 } }

    func set(_ answer: SinkAnswer) { kept.withLock { $0 = answer } }
}

extension ByteBuffer {
    fileprivate init(_ bytes: SharedBytes) {
        self = bytes.withUnsafeBytes { ByteBuffer(bytes: $0) }
    }
}
