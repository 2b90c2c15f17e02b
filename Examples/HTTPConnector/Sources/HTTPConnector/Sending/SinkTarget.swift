// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Where a sink sends to: an absolute URL of HTTP, taken apart. Its query may hold a key and is never shown.
struct SinkTarget: Sendable {
    /// The URL as it was given.
    let url: String
    /// `http` or `https`.
    let scheme: String
    /// Host and port as they are written in the URL, for the header `Host`.
    let authority: String
    /// The host, without the brackets of an IPv6 address.
    let host: String
    /// The port, where the URL has one.
    let port: Int?
    /// The path, at least `/`.
    let path: String
    /// What is behind the question mark.
    let query: String?

    var isTLS: Bool { scheme == "https" }

    /// Takes a URL apart.
    ///
    /// - Throws: `SettingFlaw` that does not show the URL, since it may hold a password.
    init(_ text: String) throws(SettingFlaw) {
        guard (try? URI(text)) != nil, let colon = text.firstIndex(of: ":") else {
            throw Self.flaw("is no absolute URL such as https://host:8443/path, without a fragment")
        }
        scheme = text[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { throw Self.flaw("has another scheme than http and https") }
        let rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { throw Self.flaw("has no host") }
        let behind = rest.dropFirst(2)
        authority = String(behind.prefix { $0 != "/" && $0 != "?" })
        guard !authority.contains("@") else {
            throw Self.flaw("holds user information; give it as 'basic' or 'bearer', where nothing shows it")
        }
        (host, port) = try Self.hostAndPort(authority)
        let tail = behind.dropFirst(authority.count)
        let path = String(tail.prefix { $0 != "?" })
        self.path = path.isEmpty ? "/" : path
        query = tail.firstIndex(of: "?").map { String(tail[tail.index(after: $0)...]) }
        url = text
    }

    private static func hostAndPort(_ authority: String) throws(SettingFlaw) -> (String, Int?) {
        let hostText: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw flaw("has an address without its bracket") }
            hostText = authority[...end]
        } else {
            hostText = authority.prefix { $0 != ":" }
        }
        let rest = authority[hostText.endIndex...]
        let host = hostText.hasPrefix("[") ? String(hostText.dropFirst().dropLast()) : String(hostText)
        guard !host.isEmpty else { throw flaw("has no host") }
        guard !rest.isEmpty, rest != ":" else { return (host, nil) }
        guard let port = Int(rest.dropFirst()), (1...65535).contains(port) else {
            throw flaw("has a port that is none; ports are 1 to 65535")
        }
        return (host, port)
    }

    private static func flaw(_ words: String) -> SettingFlaw { SettingFlaw("url", "the URL \(words)") }

    /// The URL with another host.
    func url(host name: String) -> String {
        let port = port.map { ":\($0)" } ?? ""
        return "\(scheme)://\(name)\(port)\(path)" + (query.map { "?\($0)" } ?? "")
    }
}

extension SinkTarget: CustomStringConvertible, CustomReflectable {
    /// The URL without its query.
    var description: String { "\(scheme)://\(authority)\(path)" }

    /// Shows what the description shows.
    var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

extension SinkTarget: SettingValue {
    static var settingShape: SettingShape {
        SettingShape("http or https URL", schema: ["type": .string("string"), "format": .string("uri")])
    }

    init(setting input: SettingInput) throws {
        let text = try input.text()
        do throws(SettingFlaw) { self = try SinkTarget(text) } catch { throw input.problem(error.message) }
    }
}
