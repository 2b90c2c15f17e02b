// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import NIOCore

extension ListenAddress {
    /// The address as the server takes it.
    var bindAddress: BindAddress {
        switch place {
        case .host(let host, let port): .hostname(host, port: port)
        case .socket(let path): .unixDomainSocket(path: path)
        }
    }

    /// The address with the port that the system has chosen.
    func bound(to socket: SocketAddress?) -> ListenAddress {
        guard case .host(let host, _) = place, let port = socket?.port else { return self }
        return .host(host, port: port)
    }
}
