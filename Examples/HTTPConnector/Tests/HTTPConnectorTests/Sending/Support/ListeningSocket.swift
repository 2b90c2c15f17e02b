// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A socket of the loopback interface that accepts nobody; closed with its last reference.
final class ListeningSocket: Sendable {
    let port: Int
    private let descriptor: Int32

    /// - Parameter port: the port; 0 for one that the system chooses.
    init(port: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        guard isReady else { throw ConnectorError(.notConnected, "the port \(port) is taken") }
    }

    deinit { close(descriptor) }
}

/// Ports for servers that cannot choose one, or that come back on theirs.
enum FreePort {
    private static let last = Mutex(20_000 + Int(getpid()) % 100 * 100)

    /// A port that nobody has, and that the system gives to nobody who asks for any.
    static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = last.withLock { last in
                last = last < 32_000 ? last + 1 : 20_000
                return last
            }
            if (try? ListeningSocket(port: port)) != nil { return port }
        }
        return try ListeningSocket().port
    }
}
