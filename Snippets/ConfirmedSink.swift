// SPDX-License-Identifier: Apache-2.0

// A sink into a broker that confirms messages later.

// snippet.show
import CloudEventsCodec
import OpenConnect

/// A channel to a broker, which takes messages in order. Once it has lost one it takes none behind it, until it is opened
/// anew.
protocol BrokerChannel: Sendable {
    func send(_ messages: [SharedBytes]) async throws -> Receipt
    func reopen() async throws
}

protocol Receipt: Sendable {
    /// Waits for the broker's word on all messages of a call.
    func isConfirmed() async throws -> Bool
}

struct ConfirmedSink: PipeliningSink, Reconnecting {
    let channel: any BrokerChannel

    var traits: SinkTraits { SinkTraits(isDurableOnPut: true) }

    func begin(_ batch: RecordBatch) async throws -> PendingPut {
        let receipt = try await channel.send(batch.map(\.data.bytes))
        return PendingPut {
            guard try await receipt.isConfirmed() else {
                throw ConnectorError(.notConnected, "the channel was closed before all messages were confirmed")
            }
            return .delivered
        }
    }

    func reconnect() async throws { try await channel.reopen() }

    func flush() async throws {}
}
