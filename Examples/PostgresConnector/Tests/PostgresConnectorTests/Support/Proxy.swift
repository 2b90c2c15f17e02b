// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// Stands between a client and a server, and breaks what lies between them.
final class Proxy: Sendable {
    private struct State {
        var isReachable = true
        /// What is in the next request that is carried out and whose answer gets lost.
        var lost: [UInt8]?
        var sockets: Set<Int32> = []
        var isClosed = false
    }

    let port: UInt16
    private let listener: Int32
    private let server: UInt16
    private let state = Mutex(State())

    init(to server: UInt16) throws {
        self.server = server
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    ? getsockname(descriptor, $0, &length) : -1
            }
        }
        guard status == 0 else { throw PostgresServer.Missing("no port for the proxy") }
        port = UInt16(bigEndian: address.sin_port)
        thread { [self] in accept() }
    }

    func setReachable(_ isReachable: Bool) {
        state.withLock { $0.isReachable = isReachable }
        if !isReachable { breakAll() }
    }

    /// Has the next request with these words take place, and its answer get lost.
    func loseNextAnswer(to words: String = "COMMIT") { state.withLock { $0.lost = Array(words.utf8) } }

    /// Breaks all connections.
    func breakAll() { state.withLock { $0.sockets.forEach { shutdown($0, Int32(SHUT_RDWR)) } } }

    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        breakAll()
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private func thread(_ body: @escaping @Sendable () -> Void) {
        // A thread of its own, not one of the pool: these wait.
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        pthread_create(
            &thread,
            nil,
            { pointer in
                pointer.map { Unmanaged<Body>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            },
            box.toOpaque()
        )
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 || state.withLock({ $0.isClosed }) {
                Glibc.close(listener)
                return
            }
            let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = Self.loopback(server)
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(upstream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            let isOpen = state.withLock { state in
                guard state.isReachable, status == 0 else { return false }
                state.sockets.formUnion([client, upstream])
                return true
            }
            if isOpen { pump(client, upstream) } else { [client, upstream].forEach { Glibc.close($0) } }
        }
    }

    private func pump(_ client: Int32, _ upstream: Int32) {
        let link = Link()
        for (from, to, isRequest) in [(client, upstream, true), (upstream, client, false)] {
            thread { [self] in
                var buffer = [UInt8](repeating: 0, count: 1 << 16)
                while case let count = read(from, &buffer, buffer.count), count > 0 {
                    if isRequest, losesAnswer(to: buffer[..<count]) {
                        link.isLost.withLock { $0 = true }
                    } else if !isRequest, link.isLost.withLock({ $0 }) {
                        break
                    }
                    guard send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
                }
                shutdown(from, Int32(SHUT_RDWR))
                shutdown(to, Int32(SHUT_RDWR))
                finish(link, client, upstream)
            }
        }
    }

    private func finish(_ link: Link, _ client: Int32, _ upstream: Int32) {
        let isLast = link.ended.withLock { ended in
            ended += 1
            return ended == 2
        }
        guard isLast else { return }
        state.withLock { state in
            state.sockets.subtract([client, upstream])
            [client, upstream].forEach { Glibc.close($0) }
        }
    }

    private final class Link: Sendable {
        let isLost = Mutex(false)
        let ended = Mutex(0)
    }

    /// Whether the answer to a request gets lost; that of no other does then.
    private func losesAnswer(to request: ArraySlice<UInt8>) -> Bool {
        state.withLock { state in
            guard let lost = state.lost, request.indices.contains(where: { request[$0...].starts(with: lost) }) else {
                return false
            }
            state.lost = nil
            return true
        }
    }
}
