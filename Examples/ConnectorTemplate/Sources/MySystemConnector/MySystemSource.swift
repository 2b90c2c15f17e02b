// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Reads the messages of MySystem, in the order of their numbers.
///
/// A record's data is the text of the message, its offset the number. Messages are never removed, so the source can read
/// again what follows any committed offset; a message that is no text in UTF-8 is rejected input.
public actor MySystemSource: Source {
    private let client: MySystemClient
    private let pollInterval: Duration
    private var clock = ConnectorClock.continuous
    /// The number of the last message that was read.
    private var last: Int64 = 0

    /// A source of the messages in a directory.
    ///
    /// - Parameters:
    ///   - directory: where the messages are.
    ///   - pollInterval: how long to wait before looking again when there was nothing new.
    public init(directory: String, pollInterval: Duration = .milliseconds(200)) {
        client = MySystemClient(directory: directory)
        self.pollInterval = pollInterval
    }

    /// Reaches the system, and goes on behind the committed message.
    public func start(_ context: ConnectorContext) async throws {
        clock = context.clock
        let newest = try await client.newestNumber()
        guard let committed = try await context.offset(of: .single) else { return }
        // What is no number is not ours, and a number that is not there any more would have messages skipped in silence.
        guard let number = committed.sequence, (0...newest).contains(number) else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored offset is \(committed), but the newest message is \(newest); restore the messages, or reset "
                    + "the offsets of this pipeline to read from the beginning"
            )
        }
        last = number
    }

    /// Waits until there are messages.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            let messages = try await client.messages(
                after: last,
                limit: request.maxRecords,
                maxBytes: request.maxBytes
            )
            if let newest = messages.last {
                last = newest.number
                return Self.batch(of: messages)
            }
            try await clock.sleep(for: pollInterval)
        }
    }

    private static func batch(of messages: [MySystemClient.Message]) -> SourceBatch {
        var batch = SourceBatch()
        for message in messages {
            let offset = RecordOffset(message.number)
            if let text = String(validating: message.body, as: UTF8.self) {
                batch.records.append(ConnectorRecord(.text(text), offset: offset))
            } else {
                let input = RejectedInput(
                    at: batch.records.count,
                    position: RecordPosition(offset: offset),
                    error: ConnectorError(.invalidRecord, "message \(message.number) is no text in UTF-8"),
                    bytes: SharedBytes(message.body)
                )
                batch.rejected.append(input)
            }
        }
        return batch
    }
}
