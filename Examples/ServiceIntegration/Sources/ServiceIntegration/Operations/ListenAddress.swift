// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Where a server listens: a host and a port.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The name or the address of the host, without brackets.
    public var host: String
    /// The port; 0 for one that the system chooses.
    public var port: Int

    /// A host and a port.
    public init(host: String = "127.0.0.1", port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:9464`, `localhost:0` or `[::1]:9464`; `:9464` is that port on all interfaces.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration`.
    public init(_ text: String) throws(ConnectorError) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]),
            let host = Self.host(text[..<colon])
        else {
            throw ConnectorError(
                .invalidConfiguration,
                "'\(text)' is no address to listen on; write a host and a port from 0 to 65535, such as "
                    + "127.0.0.1:9464, [::1]:9464, or :9464 for all interfaces"
            )
        }
        self.init(host: host, port: Int(port))
    }

    private static func host(_ text: Substring) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") { return String(text.dropFirst().dropLast()) }
        guard !text.contains(where: { $0 == ":" || $0 == "[" || $0 == "/" }) else { return nil }
        return text.isEmpty ? "0.0.0.0" : String(text)
    }

    /// The address as it is written in a URL.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
