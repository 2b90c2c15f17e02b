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
    private let bodies: BodyBudget
    private let messages: MessageReader
    private let reader: RequestReader
    private let rate: SenderRate?
    private let paths: HealthPaths?

    private struct HealthPaths {
        let live: String
        let ready: String
    }

    init(
        _ options: HTTPSource.Options,
        _ queue: PushQueue,
        _ bodies: BodyBudget,
        _ clock: ConnectorClock
    ) throws {
        self.options = options
        self.queue = queue
        self.bodies = bodies
        messages = MessageReader(options)
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
        return try await take(try await records(of: request))
    }

    // MARK: Events

    /// The bytes of a body are held until the queue counts those of its records.
    private func records(of request: Request) async throws -> [ConnectorRecord] {
        var held = BodyReservation(of: bodies)
        defer { held.giveBack() }
        let message = try await messages.message(of: request, holding: &held)
        if let policy = options.webhook { try check(message, request.method, policy) }
        return try reader.records(of: message)
    }

    private func take(_ records: [ConnectorRecord]) async throws -> Response {
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
        switch error.code {
        case .throttled: options.overload.refusal(error.message)
        case .deadlineExceeded: options.overload.refusal(error.message, status: 504)
        default: options.overload.refusal(error.message, status: 503)
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
