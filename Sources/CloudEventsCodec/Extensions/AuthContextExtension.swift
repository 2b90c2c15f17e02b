// SPDX-License-Identifier: Apache-2.0

/// The auth context extension (E12): on whose behalf something happened. It is information, no proof.
public struct AuthContextExtension: DocumentedExtension {
    /// `auth context`
    public static let title = "auth context"
    /// `E12`
    public static let rule: String? = "E12"
    /// `authtype`, `authid` and `authclaims`
    public static let attributeTypes: KeyValuePairs<AttributeName, AttributeType> = [
        "authtype": .string, "authid": .string, "authclaims": .string,
    ]

    /// What kind of principal it was: `authtype`. Not empty.
    public var principal: Principal

    /// Which one it was: `authid`.
    public var id: String?

    /// What is claimed about it, as JSON text: `authclaims`. It must not hold credentials.
    public var claims: String?

    /// Makes a value.
    public init(principal: Principal, id: String? = nil, claims: String? = nil) {
        self.principal = principal
        self.id = id
        self.claims = claims
    }

    /// Reads the attributes; `authid` and `authclaims` are only allowed together with `authtype`.
    public init(_ reader: ExtensionReader) throws(CloudEventError) {
        principal = Principal(try reader.required("authtype", reader.nonEmptyString("authtype")))
        id = try reader.string("authid")
        claims = try reader.string("authclaims")
    }

    /// The attributes to set.
    public var attributes: ExtensionAttributes {
        var attributes: ExtensionAttributes = ["authtype": .string(principal.description)]
        attributes["authid"] = id.map { .string($0) }
        attributes["authclaims"] = claims.map { .string($0) }
        return attributes
    }
}

extension AuthContextExtension {
    /// A kind of principal. Others than those named here are allowed.
    public struct Principal: Sendable, Hashable, CustomStringConvertible {
        /// The value of `authtype`.
        public let description: String

        /// Makes a kind from the value of `authtype`.
        public init(_ description: String) {
            self.description = description
        }

        /// `app_user`: an end user of an application.
        public static let appUser = Principal("app_user")
        /// `user`: an account of a person in the infrastructure.
        public static let user = Principal("user")
        /// `service_account`: an account of a service.
        public static let serviceAccount = Principal("service_account")
        /// `api_key`: a key that is nobody's account.
        public static let apiKey = Principal("api_key")
        /// `system`: the platform itself.
        public static let system = Principal("system")
        /// `unauthenticated`: nobody was authenticated.
        public static let unauthenticated = Principal("unauthenticated")
        /// `unknown`: it is not known who it was.
        public static let unknown = Principal("unknown")
    }
}

extension CloudEvent {
    /// The auth context extension (E12); `nil` where it is not used, an error where it is used wrongly.
    public var authContext: AuthContextExtension? {
        get throws(CloudEventError) { try readExtension() }
    }
}
