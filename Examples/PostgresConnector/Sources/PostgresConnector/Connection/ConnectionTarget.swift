// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import OpenConnect

/// Where to connect, as the keywords of libpq (chapter "Parameter Key Words" of the manual).
///
/// The password is kept apart: no description shows it.
struct ConnectionTarget: Sendable, CustomStringConvertible {
    private(set) var keywords: [String: String]
    private(set) var password: Secret?
    /// How long connecting may take.
    var connectTimeout: Duration = .seconds(10)
    /// How long a statement may take.
    var timeout: Duration = .seconds(30)

    /// The keywords of libpq, with the password apart.
    init(_ keywords: [String: String], password: Secret? = nil) {
        self.keywords = keywords
        self.password = password
        if let inside = self.keywords.removeValue(forKey: "password") { self.password = Secret(inside) }
    }

    /// A connection string, as a URI or as pairs of keyword and value.
    ///
    /// - Throws: `invalidConfiguration`, which does not show the string: a password may be anywhere in it.
    init(string: Secret) throws(ConnectorError) {
        guard let options = PQconninfoParse(string.reveal(), nil) else {
            throw ConnectorError(
                .invalidConfiguration,
                "the connection string cannot be read; write it as postgresql://user@host:5432/database?sslmode=require, "
                    + "with other characters than letters and digits percent-encoded, or as host=… dbname=…"
            )
        }
        defer { PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        self.init(keywords)
    }

    /// Adds keywords, which replace those of the connection string.
    mutating func set(_ keyword: String, _ value: String?) {
        if let value { keywords[keyword] = value }
    }

    /// Sets the password, which replaces that of the connection string.
    mutating func set(password: Secret?) {
        if let password { self.password = password }
    }

    /// Settings of the server for the session, such as `idle_in_transaction_session_timeout`.
    mutating func setSession(_ name: String, _ value: String) {
        let options = keywords["options"].map { $0 + " " } ?? ""
        keywords["options"] = options + "-c \(name)=\(value)"
    }

    /// What it is connected to, for messages: `localhost:5432/orders`.
    var description: String {
        let host =
            keywords["host"] ?? keywords["hostaddr"] ?? keywords["service"].map { "service \($0)" }
            ?? "the default host"
        return host + (keywords["port"].map { ":\($0)" } ?? "") + (keywords["dbname"].map { "/\($0)" } ?? "")
    }

    /// Begins to connect; never waits for the server, but may for the resolution of a name.
    func begin() -> OpaquePointer? {
        var all = keywords
        all["client_encoding"] = "UTF8"
        all["application_name"] = all["application_name"] ?? "openconnect"
        if let password { all["password"] = password.reveal() }
        let pairs = all.sorted { $0.key < $1.key }
        return withStrings(pairs.map(\.key)) { names in
            withStrings(pairs.map(\.value)) { values in PQconnectStartParams(names, values, 0) }
        }
    }

    /// A message of libpq, on one line and without the password, should it ever be there.
    func redacted(_ message: String) -> String {
        let line = message.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard let secret = password?.reveal(), !secret.isEmpty else { return line }
        var (text, rest) = ("", line[...])
        while let start = rest.indices.first(where: { rest[$0...].hasPrefix(secret) }) {
            text += rest[..<start] + password.debugText
            rest = rest[rest.index(start, offsetBy: secret.count)...]
        }
        return text + rest
    }
}

extension Secret? {
    fileprivate var debugText: String { map { "\($0)" } ?? "" }
}

/// Lends texts as a list of C strings with a null pointer behind them.
private func withStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let bytes = texts.map { Array($0.utf8CString) }
    let storage = bytes.flatMap(\.self)
    return storage.withUnsafeBufferPointer { buffer in
        var start = 0
        var pointers: [UnsafePointer<CChar>?] = bytes.map { text in
            defer { start += text.count }
            return buffer.baseAddress.map { $0 + start }
        }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else { preconditionFailure("the list is never empty") }
            return body(first)
        }
    }
}
