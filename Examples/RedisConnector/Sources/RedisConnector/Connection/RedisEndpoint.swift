// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Where a Redis server listens: a host and a port, or a socket of the file system.
public struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    enum Place: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    let place: Place

    /// A host, by its name or number, and a port.
    public static func host(_ host: String, port: Int = 6379) -> RedisEndpoint {
        RedisEndpoint(place: .host(host, port: port))
    }

    /// A socket of the file system.
    public static func socket(path: String) -> RedisEndpoint { RedisEndpoint(place: .socket(path: path)) }

    /// The endpoint as a configuration has it.
    public var description: String {
        switch place {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): "unix:" + path
        }
    }

    /// The endpoint that a text names: `localhost:6379`, `localhost`, `[::1]:6379`, `unix:/run/redis.sock`.
    init?(_ text: String) {
        if text.hasPrefix("unix:/") {
            place = .socket(path: String(text.dropFirst("unix:".count)))
            return
        }
        var host = text[...]
        var port: Substring = "6379"
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !Self.neverInHosts.contains($0) }
        guard !host.isEmpty, isPlain, let number = Int(port), (1...65_535).contains(number) else { return nil }
        place = .host(String(host), port: number)
    }

    init(place: Place) { self.place = place }

    /// What divides the parts of URLs and of connection strings, which may hold a password.
    private static let neverInHosts = Array("/@,;=?&#".utf8)
}

extension RedisEndpoint: SettingValue {
    private static let words = "host and port such as localhost:6379, or unix:/run/redis.sock"

    /// A text.
    public static var settingShape: SettingShape { String.settingShape }

    /// Reads a host and a port, or the path of a socket.
    public init(setting input: SettingInput) throws {
        let text = try input.text()
        guard let endpoint = RedisEndpoint(text) else {
            guard text.utf8.allSatisfy({ !Self.neverInHosts.contains($0) }) else {
                let reason = "is a URL or a connection string, which may hold a password"
                throw input.problem("\(reason): give \(Self.words); username and password have settings of their own")
            }
            throw input.mismatch("a \(Self.words)")
        }
        self = endpoint
    }

    /// The endpoint.
    public var settingText: StructuredValue? { .string(description) }
}
