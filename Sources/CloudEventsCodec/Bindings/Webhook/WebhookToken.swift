// SPDX-License-Identifier: Apache-2.0

/// The token with which a sender proves that it may deliver (B3).
///
/// It is never part of a description, and two tokens are compared with ``matches(_:)`` alone, whose time says nothing
/// of where they differ.
public struct WebhookToken: Sendable {
    private let bytes: [UInt8]

    /// Wraps a token.
    ///
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/invalidValue`` where it is empty or has other
    ///   characters than printable ASCII without spaces, which a header cannot carry (B3).
    public init(_ text: String) throws(CloudEventError) {
        bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Self.invalid("a token is printable ASCII without spaces, and not empty")
        }
    }

    /// Whether both are the same. The time depends on the length of this token alone: keep the target's own token here
    /// and pass the received one.
    public func matches(_ other: WebhookToken) -> Bool {
        Self.areEqual(bytes, other.bytes)
    }

    /// Whether secrets are the same, in a time that depends on the length of the first alone.
    ///
    /// - Parameters:
    ///   - secret: what is expected.
    ///   - received: what a request brought.
    public static func areEqual(_ secret: [UInt8], _ received: [UInt8]) -> Bool {
        guard !received.isEmpty else { return secret.isEmpty }
        var difference = secret.count ^ received.count
        for index in secret.indices {
            difference |= Int(secret[index] ^ received[index < received.count ? index : 0])
        }
        return difference == 0
    }
}

// MARK: - Requests

extension WebhookToken {
    /// The header that carries the token; to be preferred (B3).
    public var header: MessageHeader {
        MessageHeader("Authorization", "Bearer " + String(decoding: bytes, as: UTF8.self))
    }

    /// The query parameter that carries the token, for targets that cannot read headers (B3). URLs are logged in many
    /// places; send `Cache-Control: no-store` with it.
    public var queryParameter: String {
        var text = Self.parameter + "="
        for byte in bytes {
            let isUnreserved = URISyntax.isLetter(byte) || URISyntax.isDigit(byte) || "-._~".utf8.contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            text += isUnreserved ? String(UnicodeScalar(byte)) : "%" + hex
        }
        return text
    }

    private static let parameter = "access_token"

    /// The token of a delivery, from the header `Authorization` or the query parameter `access_token`, both of which a
    /// target supports (B3).
    ///
    /// - Parameters:
    ///   - headers: the request's headers.
    ///   - target: the request's target: path and query, or the whole URL.
    /// - Returns: the token; `nil` where there is none, or only another scheme than Bearer. Answer that with 401, and
    ///   without a challenge.
    /// - Throws: ``CloudEventError`` with ``CloudEventError/Code/duplicate`` where there are several, in header and
    ///   query together, and with ``CloudEventError/Code/invalidValue`` where it is empty or has characters no token
    ///   has.
    public init?(headers: [MessageHeader], target: String) throws(CloudEventError) {
        let fields = headers.values(of: "authorization")
        let parameters = try Self.parameters(in: target)
        guard fields.count + parameters.count <= 1 else {
            throw CloudEventError(
                .duplicate,
                "the request has several tokens; send one, in the header or in the query",
                attribute: "authorization",
                rule: "B3"
            )
        }
        if let text = parameters.first {
            try self.init(text)
            return
        }
        guard let field = fields.first, HeaderText.hasPrefix(field, "bearer"),
            field.utf8.count == 6
                || field.utf8.dropFirst(6).first == 0x20
        else { return nil }
        try self.init(HeaderText.trimmed(String(field.utf8Suffix(from: 6))))
    }

    /// The values of the parameter, percent-decoded once.
    private static func parameters(in target: String) throws(CloudEventError) -> [String] {
        let withoutFragment = target.utf8.prefix { $0 != UInt8(ascii: "#") }
        guard let mark = withoutFragment.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        var values: [String] = []
        for pair in withoutFragment[mark...].dropFirst().split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            guard PercentText.decode(name) == parameter else { continue }
            guard let value = PercentText.decode(pair.dropFirst(name.count + 1)) else {
                throw invalid("the query parameter access_token is not correctly percent-encoded")
            }
            values.append(value)
        }
        return values
    }

    private static func invalid(_ reason: String) -> CloudEventError {
        CloudEventError(.invalidValue, reason, attribute: "authorization", rule: "B3")
    }
}

extension WebhookToken: CustomStringConvertible, CustomReflectable {
    /// Not the token.
    public var description: String { "webhook token" }

    /// Nothing of the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
