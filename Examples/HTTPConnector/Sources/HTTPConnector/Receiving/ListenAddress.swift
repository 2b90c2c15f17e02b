// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Where a server listens: `127.0.0.1:8080`, `[::1]:8080`, `:8080` on all interfaces, or `unix:/run/events.sock`.
///
/// Port 0 has the system choose a free one.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    enum Place: Sendable, Hashable {
        case host(String, port: Int)
        case socket(path: String)
    }

    let place: Place

    /// A host, by name or number, and a port.
    public static func host(_ host: String, port: Int) -> ListenAddress {
        ListenAddress(place: .host(host, port: port))
    }

    /// A socket of the file system.
    public static func socket(path: String) -> ListenAddress { ListenAddress(place: .socket(path: path)) }

    private init(place: Place) { self.place = place }

    /// An address from its text, or `nil` where it is none.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard !path.isEmpty, path.utf8.count <= 100 else { return nil }
            self.init(place: .socket(path: path))
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(where: { $0 == ":" || $0 == "[" || $0 == "/" }) {
            return nil
        }
        self.init(place: .host(host.isEmpty ? "0.0.0.0" : String(host), port: Int(port)))
    }

    /// The address as a configuration has it.
    public var description: String {
        switch place {
        case .host(let host, let port): (host.contains(":") ? "[\(host)]" : host) + ":\(port)"
        case .socket(let path): "unix:\(path)"
        }
    }
}

extension ListenAddress: SettingValue {
    private static let words =
        "an address to listen on, such as 127.0.0.1:8080, [::1]:8080, :8080 or unix:/run/events.sock"

    /// A text.
    public static var settingShape: SettingShape { SettingShape(words) }

    /// Reads an address.
    public init(setting input: SettingInput) throws {
        guard let address = ListenAddress(try input.text()) else { throw input.mismatch(Self.words) }
        self = address
    }

    /// The address.
    public var settingText: StructuredValue? { .string(description) }
}
