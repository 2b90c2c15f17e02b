// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Reads the events of a request, in whatever form it carries them.
struct RequestReader: Sendable {
    private let binding: HTTPBinding
    private let common: CommonEvents?
    private let gitHub: GitHubDeliveryReader?
    private let takesOnlySigned: Bool

    private static let maxHeaderBytes = 80 * 1024

    /// - Throws: ``ConnectorError`` with the code `invalidConfiguration` where the secret of GitHub's webhooks is empty.
    init(_ options: HTTPSource.Options) throws {
        var limits = CodecLimits()
        // The server has limited body and headers already; an event in binary mode is both of them.
        limits.eventBytes = options.maxBodyBytes + Self.maxHeaderBytes
        limits.batchBytes = options.maxBodyBytes
        limits.batchEvents = options.maxBatchEvents
        binding = HTTPBinding(limits: limits)
        common = options.common
        gitHub = try options.gitHub.map { try GitHubDeliveryReader($0) }
        takesOnlySigned = options.gitHub != nil && !options.provesSenders
    }

    /// The records of a request; none for an empty batch.
    func records(of message: HTTPMessage) throws(RequestRefusal) -> [ConnectorRecord] {
        if let gitHub, gitHub.recognizes(message) { return [try gitHub.record(of: message)] }
        guard !takesOnlySigned else {
            throw RequestRefusal(
                401,
                "only deliveries of GitHub are taken, with X-GitHub-Event and X-Hub-Signature-256; others need credentials"
            )
        }
        do throws(CloudEventError) {
            switch binding.contentMode(of: message) {
            case .batched?: return try binding.decodeBatch(message).map { ConnectorRecord(event: $0.detached()) }
            case .structured?, .binary?: return [ConnectorRecord(event: try binding.decode(message))]
            case nil: break
            }
        } catch {
            throw RequestRefusal(error)
        }
        guard let common else {
            throw RequestRefusal(
                400,
                "the request is no CloudEvent: it has neither a content type of CloudEvents nor headers that begin with ce-"
            )
        }
        return [try common.record(of: message)]
    }
}

extension [MessageHeader] {
    /// The value of the first header of a name, which is given in small letters.
    func value(of name: String) -> String? { first { $0.name.lowercased() == name }?.value }
}

extension CommonEvents {
    /// The event that a body stands for.
    func record(of message: HTTPMessage) throws(RequestRefusal) -> ConnectorRecord {
        let body = message.body ?? SharedBytes()
        let contentType = message.headers.value(of: "content-type")
        var record = ConnectorRecord(try Self.data(body, contentType))
        record.type = type
        record.source = source
        record.contentType = contentType
        if let idHeader {
            guard let id = message.headers.value(of: idHeader.lowercased()), !id.isEmpty else {
                throw RequestRefusal(400, "the header \(idHeader) is missing; it is the id of the event")
            }
            record.id = id
        }
        try record.checkAttributes(from: [
            "id": "the header \(idHeader ?? "")", "datacontenttype": "the header Content-Type",
        ])
        return record
    }

    private static func data(_ body: SharedBytes, _ contentType: String?) throws(RequestRefusal) -> RecordData {
        if body.isEmpty { return .absent }
        guard let essence = contentType.flatMap({ try? MediaType($0).essence }) else { return .bytes(body) }
        if MediaType.isJSON(essence) {
            do { return try .json(body) } catch {
                throw RequestRefusal(400, (error as? ConnectorError)?.message ?? "the body is not JSON")
            }
        }
        let isText = EventData(received: body, contentType: contentType).kind == .text
        return isText ? .text(utf8: body) ?? .bytes(body) : .bytes(body)
    }
}
