// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PostgresAddress {
    static let urlSetting = Setting<Secret?>(
        "url",
        "The connection string, such as postgresql://user@host:5432/database; the settings below replace parts of it."
    )
    static let hostSetting = Setting<String?>("host", "Host name or address, or the directory of the server's socket.")
    static let portSetting = Setting<Int?>("port", "The port.").range(1...65535)
    static let databaseSetting = Setting<String?>("database", "The database.")
    static let userSetting = Setting<String?>("user", "The user.")
    static let passwordSetting = Setting<Secret?>("password", "The password.")
    static let tlsSetting = Setting<TLSMode?>(
        "tls",
        "How the connection is protected; `verify-full` is the one that trusts nobody else."
    )
    static let rootCertificateSetting = Setting<String?>(
        "rootCertificate",
        "File with the certificates of trusted authorities, for `verify-ca` and `verify-full`."
    )
    static let certificateSetting = Setting<String?>("certificate", "File with the client's certificate.")
    static let keySetting = Setting<String?>("key", "File with the key of the client's certificate.")
    static let connectTimeoutSetting = Setting<Duration>(
        "connectTimeout",
        "How long connecting may take; of several hosts each has its share of that.",
        default: .seconds(10)
    ).range(.milliseconds(1)...)
    static let timeoutSetting = Setting<Duration>(
        "timeout",
        "How long a statement may take before it is cancelled.",
        default: .seconds(30)
    ).range(.milliseconds(1)...)

    /// The settings of the connection, which all types here have.
    static var settings: SettingGroup {
        SettingGroup(
            urlSetting,
            hostSetting,
            portSetting,
            databaseSetting,
            userSetting,
            passwordSetting,
            tlsSetting,
            rootCertificateSetting,
            certificateSetting,
            keySetting,
            connectTimeoutSetting,
            timeoutSetting
        ).rules(.requires(certificateSetting, keySetting), .requires(keySetting, certificateSetting))
    }

    init(_ values: SettingValues) throws {
        url = values[Self.urlSetting]
        host = values[Self.hostSetting]
        port = values[Self.portSetting]
        database = values[Self.databaseSetting]
        user = values[Self.userSetting]
        password = values[Self.passwordSetting]
        tls = values[Self.tlsSetting]
        rootCertificate = values[Self.rootCertificateSetting]
        certificate = values[Self.certificateSetting]
        key = values[Self.keySetting]
        connectTimeout = values[Self.connectTimeoutSetting]
        timeout = values[Self.timeoutSetting]
        do {
            _ = try target()
        } catch let error as ConnectorError {
            throw values.problem(Self.urlSetting, error.message)
        }
    }
}
