// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import HTTPServing
import HTTPTypes
import Hummingbird
import OpenConnect

/// What is answered to a request.
struct OperationsResponder: Sendable {
    let runtime: ConnectRuntime
    let metrics: PrometheusMetrics
    let redaction: SecretRedaction

    private static let paths = ["/metrics", "/health/live", "/health/ready", "/pipelines"]

    func response(to request: HTTPRequest) -> Response {
        let response = answer(to: request)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to request: HTTPRequest) -> Response {
        guard !request.headerFields.expectMoreThanConsent else {
            return Self.text(.expectationFailed, "Nothing but 100-continue can be expected.\n")
        }
        let target = request.path ?? "/"
        let path = String(target[..<(target.firstIndex(of: "?") ?? target.endIndex)])
        guard Self.paths.contains(path) else {
            return Self.text(.notFound, "There is nothing here; there are \(Self.paths.joined(separator: ", ")).\n")
        }
        guard [.get, .head].contains(request.method) else {
            var response = Self.text(.methodNotAllowed, "\(path) can only be read: with GET or HEAD.\n")
            response.headers[.allow] = "GET, HEAD"
            return response
        }
        return answer(path)
    }

    private func answer(_ path: String) -> Response {
        let report = OperationsReport(health: runtime.health, redaction: redaction)
        switch path {
        case "/metrics":
            return Self.text(.ok, metrics.text(with: runtime.metrics.samples), PrometheusMetrics.contentType)
        case "/health/live":
            let isAlive = report.isAlive
            return Self.json(isAlive ? .ok : .serviceUnavailable, report.summary(status: isAlive ? "alive" : "stalled"))
        case "/health/ready":
            let isReady = report.isReady
            let status = isReady ? "ready" : report.health.isStopping ? "stopping" : "not ready"
            return Self.json(isReady ? .ok : .serviceUnavailable, report.summary(status: status))
        default: return Self.json(.ok, report.pipelines)
        }
    }

    private static func json(_ status: HTTPResponse.Status, _ value: StructuredValue) -> Response {
        respond(status, ByteBuffer(bytes: value.json), "application/json")
    }

    private static func text(
        _ status: HTTPResponse.Status,
        _ text: String,
        _ type: String = "text/plain; charset=utf-8"
    ) -> Response {
        respond(status, ByteBuffer(string: text), type)
    }

    private static func respond(_ status: HTTPResponse.Status, _ body: ByteBuffer, _ type: String) -> Response {
        let headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
