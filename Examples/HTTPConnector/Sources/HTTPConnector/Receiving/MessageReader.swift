// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import HTTPServing
import HTTPTypes
import HummingbirdCore
import NIOCore
import OpenConnect

/// Reads the headers and the body of a request, as far as there is room for them.
struct MessageReader: Sendable {
    private let maxBodyBytes: Int
    private let overload: HTTPSource.Overload

    init(_ options: HTTPSource.Options) {
        maxBodyBytes = options.maxBodyBytes
        overload = options.overload
    }

    func message(of request: Request, holding held: inout BodyReservation) async throws -> HTTPMessage {
        let headers = try headers(of: request, holding: &held)
        let body = try await body(of: request, holding: &held)
        return HTTPMessage(headers: headers, body: body.withUnsafeReadableBytes { SharedBytes(copying: $0) })
    }

    private func headers(
        of request: Request,
        holding held: inout BodyReservation
    ) throws(RequestRefusal) -> [MessageHeader] {
        var headers: [MessageHeader] = []
        headers.reserveCapacity(request.headers.count)
        var isAskedFor = true
        // One walk over the headers: looking one up costs as much.
        for field in request.headers {
            if field.name == .contentLength { try hold(Int(field.value) ?? .max, in: &held) }
            if field.name == .contentEncoding { try checkCoding(field.value) }
            if field.name == .expect { isAskedFor = false }
            headers.append(MessageHeader(field.name.rawName, field.value))
        }
        guard isAskedFor else { throw request.headers.expectMoreThanConsent ? unknownExpectation : noRoom }
        return headers
    }

    private func body(of request: Request, holding held: inout BodyReservation) async throws -> ByteBuffer {
        var body = ByteBuffer()
        for try await part in request.body {
            try hold(body.readableBytes + part.readableBytes, in: &held)
            if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
        }
        return body
    }

    private func hold(_ bytes: Int, in held: inout BodyReservation) throws(RequestRefusal) {
        guard bytes <= maxBodyBytes else {
            throw RequestRefusal(413, "the body is larger than the limit of \(maxBodyBytes) bytes")
        }
        guard held.grow(to: bytes) else { throw noRoom }
    }

    private var noRoom: RequestRefusal { overload.refusal("too many bodies are being received at present") }

    private var unknownExpectation: RequestRefusal {
        RequestRefusal(417, "nothing but 100-continue can be expected")
    }

    private func checkCoding(_ text: String) throws(RequestRefusal) {
        guard text.isEmpty || text.lowercased() == "identity" else {
            throw RequestRefusal(415, "the content coding is not supported; send the body without one")
        }
    }
}

extension HTTPSource.Overload {
    /// A refusal that is to be tried again.
    ///
    /// - Parameter status: another one than for want of room.
    func refusal(_ reason: String, status: Int? = nil) -> RequestRefusal {
        let (seconds, attoseconds) = retryAfter.components
        let later = MessageHeader("retry-after", String(attoseconds > 0 ? seconds + 1 : seconds))
        return RequestRefusal(status ?? self.status, reason, headers: [later])
    }
}
