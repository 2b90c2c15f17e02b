// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
public import OpenConnect

extension HTTPSource: ConnectionChecking {
    /// Reads the certificate, and listens for a moment; not on a socket of the file system, which may be in use.
    ///
    /// - Throws: ``ConnectorError`` as ``start(_:)``.
    public func checkConnection(_ context: ConnectorContext) async throws {
        _ = try options.tls?.configuration()
        _ = try RequestReader(options)
        guard case .host(let host, let port) = listen.place else { return }
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: host, port: port).get()
            try await channel.close()
        } catch {
            throw ConnectorError.cannotListen(on: listen, "\(error)")
        }
    }
}

extension ConnectorError {
    static func cannotListen(on address: ListenAddress, _ reason: String) -> ConnectorError {
        ConnectorError(.retryable, "the server cannot listen on \(address): \(reason); is the address in use?")
    }
}
