// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Reads the messages of MySystem, in order.
///
/// A record's data is the text of the message, its offset the place behind it. Messages are never removed, so the source
/// can read again what follows any committed offset. A message that is no text in UTF-8 is rejected input.
public actor MySystemSource: Source, ConnectionChecking {
    private let client: MySystemClient
    private let pollInterval: Duration
    private var clock = ConnectorClock.continuous
    /// The place behind the last message that was read.
    private var place: Int64 = 0

    /// A source of the messages in a log.
    ///
    /// - Parameters:
    ///   - path: the file of the log.
    ///   - pollInterval: how long to wait before looking again when there was nothing new.
    public init(path: String, pollInterval: Duration = .milliseconds(200)) {
        client = MySystemClient(path: path)
        self.pollInterval = pollInterval
    }

    /// Reaches the system, and goes on behind what was committed.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        try await client.connect()
        guard let committed = try await context.offset(of: .single) else { return }
        // Never begin somewhere else in silence: that would lose or repeat messages.
        guard let place = committed.sequence, try await client.hasPlace(place) else {
            throw ConnectorError(
                .corruptOffsets,
                "no message ends at the stored offset \(committed); restore the messages, or reset the offsets of this "
                    + "pipeline to read from the beginning"
            )
        }
        self.place = place
    }

    /// What the verb `check` asks.
    public func checkConnection(_ context: ConnectorContext) async throws {
        try await client.connect()
    }

    /// Waits until there are messages.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            let messages = try await client.messages(
                after: place,
                limit: request.maxRecords,
                maxBytes: request.maxBytes
            )
            if let last = messages.last {
                place = last.place
                return Self.batch(of: messages)
            }
            try await clock.sleep(for: pollInterval)
        }
    }

    private static func batch(of messages: [MySystemClient.Message]) -> SourceBatch {
        var batch = SourceBatch()
        for message in messages {
            let offset = RecordOffset(message.place)
            if let text = String(validating: message.body, as: UTF8.self) {
                batch.records.append(ConnectorRecord(.text(text), offset: offset))
            } else {
                let input = RejectedInput(
                    at: batch.records.count,
                    position: RecordPosition(offset: offset),
                    error: ConnectorError(.invalidRecord, "the message is no text in UTF-8"),
                    bytes: SharedBytes(message.body)
                )
                batch.rejected.append(input)
            }
        }
        return batch
    }
}
