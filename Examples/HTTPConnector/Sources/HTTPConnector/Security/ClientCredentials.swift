// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CloudEventsCodec
import NIOHTTP1
public import OpenConnect

/// How a client proves that it may send. Nothing shows it.
public struct ClientCredentials: Sendable, CustomStringConvertible {
    /// The value of the header `Authorization`.
    let authorization: Secret
    /// What must not be seen in a text that somebody else makes.
    let secrets: [Secret]
    /// The scheme, and nothing of the secret.
    public let description: String

    /// A bearer token (RFC 6750).
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` where a header cannot carry it.
    public static func bearer(_ token: Secret) throws -> ClientCredentials {
        do throws(SettingFlaw) {
            return try ClientCredentials(bearer: token)
        } catch {
            throw ConnectorError(.invalidConfiguration, error.message)
        }
    }

    /// User and password (RFC 7617).
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` for a user with a colon.
    public static func basic(user: String, password: Secret) throws -> ClientCredentials {
        do throws(SettingFlaw) {
            return try ClientCredentials(user: user, password: password)
        } catch {
            throw ConnectorError(.invalidConfiguration, error.message)
        }
    }

    init(bearer token: Secret) throws(SettingFlaw) {
        guard let checked = try? WebhookToken(token.reveal()) else {
            throw SettingFlaw("bearer", "a bearer token is printable ASCII without spaces, and not empty")
        }
        authorization = Secret(checked.header.value)
        secrets = [authorization, token]
        description = "bearer token"
    }

    init(user: String, password: Secret) throws(SettingFlaw) {
        guard !user.contains(":") else { throw SettingFlaw("user", "the name of a user has no colon") }
        var request = HTTPClientRequest(url: "")
        request.setBasicAuth(username: user, password: password.reveal())
        authorization = Secret(request.headers["Authorization"].first ?? "")
        secrets = [authorization, Secret(String(authorization.reveal().dropFirst("Basic ".count))), password]
        description = "user and password"
    }
}

/// User and password as they are configured.
struct BasicCredentials: SettingStructure {
    private static let user = Setting<String>("user", "The name of the user.")
    private static let password = Setting<Secret>("password", "The password.")

    static var settings: SettingGroup { SettingGroup(user, password) }

    let credentials: ClientCredentials

    init(_ values: SettingValues) throws {
        do throws(SettingFlaw) {
            credentials = try ClientCredentials(user: values[Self.user], password: values[Self.password])
        } catch {
            throw values.problem(Self.user, error.message)
        }
    }
}
