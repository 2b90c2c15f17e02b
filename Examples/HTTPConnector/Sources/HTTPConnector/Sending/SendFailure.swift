// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Why there is no answer to a request.
struct SendFailure: Error {
    enum Kind: Sendable {
        /// There was no connection: nothing was sent.
        case unreachable
        /// The connection was lost while the request was on its way.
        case dropped
        /// There was no answer in time.
        case timeout
        /// TLS did not come about: one side does not accept the other.
        case tls
        /// The sink was stopped.
        case stopped
        /// The answer is not HTTP, or something else that a request may meet.
        case other
    }

    let kind: Kind
    /// What happened, without anything that was sent.
    let reason: String

    private init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    static func timeout(_ limit: Duration) -> SendFailure { SendFailure(.timeout, "there was no answer in \(limit)") }

    init(_ error: any Error, connectTimeout: Duration) {
        switch error {
        case let error as SendFailure: self = error
        case let error as HTTPClientError: self.init(error, connectTimeout)
        case let error as NIOConnectionError: self.init(.unreachable, Self.reason(error))
        case let error as ChannelError: self.init(.dropped, "\(error)")
        case let error as IOError: self.init(.dropped, error.description)
        case let error where Self.isEndInHandshake(error):
            self.init(.unreachable, "the connection was closed during the TLS handshake")
        case NIOSSLError.uncleanShutdown: self.init(.dropped, "the connection was closed without its end in TLS")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: self.init(.tls, "\(error)")
        case is HTTPParserError: self.init(.other, "the answer is not HTTP (\(error))")
        default: self.init(.other, "\(type(of: error))")
        }
    }

    private init(_ error: HTTPClientError, _ connectTimeout: Duration) {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            self.init(.unreachable, "there was no connection in \(connectTimeout)")
        case .remoteConnectionClosed: self.init(.dropped, "the target closed the connection")
        case .cancelled, .alreadyShutdown: self.init(.stopped, "the sink was stopped")
        case .deadlineExceeded, .readTimeout, .writeTimeout: self.init(.timeout, "there was no answer in time")
        // The description of an error may hold values of headers.
        default: self.init(.other, error.shortDescription)
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first { return "\(failure.target): \(failure.error)" }
        let resolution = error.dnsAError ?? error.dnsAAAAError
        return "the name \(error.host) cannot be resolved" + (resolution.map { " (\($0))" } ?? "")
    }

    private static func isEndInHandshake(_ error: any Error) -> Bool {
        guard case NIOSSLError.handshakeFailed(let reason) = error else { return false }
        switch reason {
        case .sslError(let stack), .unknownError(let stack): return stack.contains(.eofDuringHandshake)
        case .syscallError, .zeroReturn: return true
        default: return false
        }
    }
}
