// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import OpenConnect

/// Answers the requests of an ``HTTPSource``.
///
/// A class, because every request has a reference to all of it.
final class EventResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    private let options: HTTPSource.Options
    private let queue: PushQueue
    private let reader: RequestReader
    private let rate: SenderRate?
    private let paths: HealthPaths?

    private struct HealthPaths {
        let live: String
        let ready: String
    }

    init(_ options: HTTPSource.Options, _ queue: PushQueue, _ clock: ConnectorClock) throws {
        self.options = options
        self.queue = queue
        reader = try RequestReader(options)
        rate = options.webhook.flatMap { SenderRate($0.rate, clock) }
        paths = options.healthPath.map { HealthPaths(live: $0 + "/live", ready: $0 + "/ready") }
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let response: Response
        do { response = try await answer(request) } catch let refusal as RequestRefusal { response = Response(refusal) }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request) async throws -> Response {
        let path = request.uri.path
        guard path == options.path else { return try health(path, request.method) }
        if request.method == .options { return try handshake(request) }
        guard options.methods.contains(request.method.rawValue) else {
            let allowed = MessageHeader("allow", options.methods.joined(separator: ", "))
            throw RequestRefusal(405, "events are sent with \(allowed.value)", headers: [allowed])
        }
        if let challenge = options.authentication.challenge(to: { request.headers[.authorization] }) {
            throw RequestRefusal(
                401,
                "the credentials are missing or wrong",
                headers: [MessageHeader("www-authenticate", challenge)]
            )
        }
        return try await take(try await message(of: request), request.method)
    }

    // MARK: Events

    private func message(of request: Request) async throws -> HTTPMessage {
        var headers: [MessageHeader] = []
        headers.reserveCapacity(request.headers.count)
        // One walk over the headers: looking one up costs as much.
        for field in request.headers {
            if field.name == .contentLength { try checkLength(field.value) }
            if field.name == .contentEncoding { try checkCoding(field.value) }
            headers.append(MessageHeader(field.name.rawName, field.value))
        }
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: options.maxBodyBytes) } catch is NIOTooManyBytesError {
            throw tooLarge
        }
        return HTTPMessage(headers: headers, body: body.withUnsafeReadableBytes { SharedBytes(copying: $0) })
    }

    private var tooLarge: RequestRefusal {
        RequestRefusal(413, "the body is larger than the limit of \(options.maxBodyBytes) bytes")
    }

    private func checkLength(_ text: String) throws(RequestRefusal) {
        if let length = Int(text), length > options.maxBodyBytes { throw tooLarge }
    }

    private func checkCoding(_ text: String) throws(RequestRefusal) {
        guard text.isEmpty || text.lowercased() == "identity" else {
            throw RequestRefusal(415, "the content coding is not supported; send the body without one")
        }
    }

    private func take(_ message: HTTPMessage, _ method: HTTPRequest.Method) async throws -> Response {
        if let policy = options.webhook { try check(message, method, policy) }
        let records = try reader.records(of: message)
        do {
            switch options.answer {
            case .accepted:
                try await queue.handOver(records)
                return Response(status: .accepted)
            case .committed:
                _ = try await queue.deliver(records)
                return Response(status: .ok)
            }
        } catch let error as ConnectorError {
            throw refusal(for: error)
        }
    }

    private func refusal(for error: ConnectorError) -> RequestRefusal {
        let (seconds, attoseconds) = options.overload.retryAfter.components
        let later = [MessageHeader("retry-after", String(attoseconds > 0 ? seconds + 1 : seconds))]
        return switch error.code {
        case .throttled: RequestRefusal(options.overload.status, error.message, headers: later)
        case .deadlineExceeded: RequestRefusal(504, error.message, headers: later)
        default: RequestRefusal(503, error.message, headers: later)
        }
    }

    // MARK: Webhooks

    private func handshake(_ request: Request) throws(RequestRefusal) -> Response {
        guard let policy = options.webhook else {
            throw RequestRefusal(.optionsNotSupported(methods: options.methods))
        }
        let headers = request.headers.map { MessageHeader($0.name.rawName, $0.value) }
        do throws(CloudEventError) {
            let response = try WebhookHandshake(policy).response(to: headers)
            return Response(status: .init(code: response.status), headers: HTTPFields(response.headers))
        } catch {
            throw RequestRefusal(error)
        }
    }

    private func check(
        _ message: HTTPMessage,
        _ method: HTTPRequest.Method,
        _ policy: WebhookPolicy
    ) throws(RequestRefusal) {
        let delivery = WebhookDelivery(method: method.rawValue, message: message)
        if let refusal = delivery.refusal(by: policy, requiresOrigin: true) { throw RequestRefusal(refusal) }
        let origin = message.headers.value(of: "webhook-request-origin") ?? ""
        if let delay = rate?.count(origin.lowercased()) {
            throw RequestRefusal(.throttled(retryAfterSeconds: Int(delay.components.seconds) + 1))
        }
    }

    // MARK: Health

    private func health(_ path: String, _ method: HTTPRequest.Method) throws(RequestRefusal) -> Response {
        guard let paths, path == paths.live || path == paths.ready else {
            throw RequestRefusal(404, "there is nothing at this path")
        }
        guard method == .get || method == .head else {
            throw RequestRefusal(405, "health is asked for with GET", headers: [MessageHeader("allow", "GET, HEAD")])
        }
        guard path == paths.live || !queue.isFinished else { throw RequestRefusal(503, "the pipeline is stopping") }
        return Response(status: .ok)
    }
}

extension HTTPFields {
    init(_ headers: [MessageHeader]) {
        self.init()
        for header in headers {
            if let name = HTTPField.Name(header.name) { append(HTTPField(name: name, value: header.value)) }
        }
    }
}

extension Response {
    /// A refusal as problem details (RFC 9457).
    init(_ refusal: RequestRefusal) {
        let problem: StructuredValue = .object([
            "status": .integer(Int64(refusal.status)), "detail": .string(refusal.reason),
        ])
        var headers = HTTPFields(refusal.headers)
        headers[.contentType] = "application/problem+json"
        let body = problem.json.withUnsafeBytes { ByteBuffer(bytes: $0) }
        self.init(
            status: HTTPResponse.Status(code: refusal.status),
            headers: headers,
            body: ResponseBody(byteBuffer: body)
        )
    }
}
