// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// How senders prove who they are.
public struct SenderAuthentication: Sendable, Hashable {
    private enum Kind: Hashable {
        case none
        case bearer(Secret)
        case basic(Secret)
    }

    private let kind: Kind

    /// Anybody may send.
    public static let none = SenderAuthentication(kind: .none)

    /// Senders present a token (RFC 6750, section 2.1).
    public static func bearer(_ token: Secret) -> SenderAuthentication { SenderAuthentication(kind: .bearer(token)) }

    /// Senders present a name and a password (RFC 7617).
    public static func basic(user: String, password: Secret) -> SenderAuthentication {
        SenderAuthentication(kind: .basic(Secret(Data("\(user):\(password.reveal())".utf8).base64EncodedString())))
    }

    /// The value of `WWW-Authenticate` for a request that is not let in; `nil` for one that is.
    ///
    /// - Parameter authorization: looks the header up, where it is needed.
    func challenge(to authorization: () -> String?) -> String? {
        switch kind {
        case .none: nil
        case .bearer(let token): Self.credentials(authorization(), of: "bearer", are: token) ? nil : "Bearer"
        case .basic(let pair):
            Self.credentials(authorization(), of: "basic", are: pair) ? nil : #"Basic realm="events", charset="UTF-8""#
        }
    }

    private static func credentials(_ authorization: String?, of scheme: String, are secret: Secret) -> Bool {
        guard let parts = authorization?.split(separator: " ", maxSplits: 1), parts.count == 2 else { return false }
        return parts[0].lowercased() == scheme && secret.matches(String(parts[1].drop { $0 == " " }))
    }
}
