// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A connection on which a test writes whatever it likes.
struct RawConnection: Sendable {
    private let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>

    /// Connects for as long as the body runs.
    static func open<Value: Sendable>(
        _ port: Int,
        _ body: @Sendable (inout Reading, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var reading = Reading(iterator: inbound.makeAsyncIterator())
            return try await body(&reading, outbound)
        }
    }

    /// Writes a text, and reads until the server closes the connection.
    static func exchange(_ port: Int, _ bytes: [UInt8]) async throws -> String {
        try await open(port) { reading, writer in
            // The server may have closed already: what it has answered is what counts.
            try? await writer.write(ByteBuffer(bytes: bytes))
            return await reading.toEnd()
        }
    }

    /// What the server writes.
    struct Reading {
        fileprivate var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        /// What came together with the end that was waited for.
        private var rest = ""

        fileprivate init(iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) { self.iterator = iterator }

        /// Reads until the server closes the connection, whether cleanly or not.
        mutating func toEnd() async -> String {
            while await readMore() {}
            return take(upTo: rest.endIndex)
        }

        /// Reads up to the end of a text and leaves what follows; `nil` where the connection ends before.
        mutating func until(_ end: String) async -> String? {
            while true {
                if let range = rest.firstRange(of: end) { return take(upTo: range.upperBound) }
                guard await readMore() else { return nil }
            }
        }

        private mutating func readMore() async -> Bool {
            guard let buffer = try? await iterator.next(isolation: #isolation) else { return false }
            rest += String(buffer: buffer)
            return true
        }

        private mutating func take(upTo end: String.Index) -> String {
            defer { rest = String(rest[end...]) }
            return String(rest[..<end])
        }
    }
}
