// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Crypto
import OpenConnect

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Checks and reads deliveries of GitHub's webhooks.
struct GitHubDeliveryReader: Sendable {
    private let key: SymmetricKey

    /// - Throws: ``ConnectorError`` with the code `invalidConfiguration` where the secret is empty: anybody could sign.
    init(_ webhooks: GitHubWebhooks) throws {
        guard !webhooks.secret.reveal().isEmpty else {
            throw ConnectorError(
                .invalidConfiguration,
                "the secret of GitHub's webhooks is empty, so that anybody could sign; give it the webhook's secret"
            )
        }
        key = SymmetricKey(data: Array(webhooks.secret.reveal().utf8))
    }

    /// Whether the request says that it comes from GitHub.
    func recognizes(_ message: HTTPMessage) -> Bool { message.headers.value(of: "x-github-event") != nil }

    /// The record of a delivery, once its signature is checked.
    func record(of message: HTTPMessage) throws(RequestRefusal) -> ConnectorRecord {
        let body = message.body ?? SharedBytes()
        guard isSigned(body, message.headers.value(of: "x-hub-signature-256")) else {
            throw RequestRefusal(
                401,
                "the signature is missing or wrong; the webhook and the connector need the same secret (X-Hub-Signature-256)"
            )
        }
        let contentType = message.headers.value(of: "content-type") ?? ""
        guard MediaType.isJSON(contentType) else {
            throw RequestRefusal(415, "set the content type of the webhook to application/json")
        }
        guard let event = message.headers.value(of: "x-github-event"), Self.isName(event),
            let id = message.headers.value(of: "x-github-delivery"), !id.isEmpty
        else { throw RequestRefusal(400, "X-GitHub-Event or X-GitHub-Delivery is missing, or no name") }
        let record = try Self.record(event, id, body)
        try record.checkAttributes(from: [
            "id": "the header X-GitHub-Delivery", "type": "the body's action", "source": Self.place,
        ])
        return record
    }

    private static func record(_ event: String, _ id: String, _ body: SharedBytes) throws(RequestRefusal)
        -> ConnectorRecord
    {
        do {
            var record = ConnectorRecord(try RecordData.json(body))
            let content = try record.data.structured
            record.id = id
            record.type = ["com.github", event, content.text("action")].compactMap(\.self).joined(separator: ".")
            record.source = try source(of: content)
            record.contentType = "application/json"
            return record
        } catch let refusal as RequestRefusal {
            throw refusal
        } catch let error as ConnectorError {
            throw RequestRefusal(400, error.message)
        } catch {
            throw RequestRefusal(400, "\(error)")
        }
    }

    private static let place = "the body's repository.html_url or organization.url"

    private static func source(of content: StructuredValue) throws(RequestRefusal) -> URIReference {
        let text = content.text("repository", "html_url") ?? content.text("organization", "url")
        do throws(CloudEventError) { return try URIReference(text ?? "https://github.com") } catch {
            throw RequestRefusal(400, "no event can be made of \(place): \(error.message)")
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
            }
    }

    private func isSigned(_ body: SharedBytes, _ signature: String?) -> Bool {
        guard let signature, signature.hasPrefix("sha256="), let code = Self.bytes(hex: signature.dropFirst(7)) else {
            return false
        }
        // Compares in a time that does not depend on where the codes differ.
        return body.withUnsafeBytes { body in
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: key)
        }
    }

    private static func bytes(hex: Substring) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 2 * SHA256.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }
}

extension StructuredValue {
    /// The text behind names of members, where there is one.
    fileprivate func text(_ path: String...) -> String? {
        var value: StructuredValue? = self
        for name in path {
            guard case .object(let object)? = value else { return nil }
            value = object[name]
        }
        if case .string(let text)? = value { return text }
        return nil
    }
}
