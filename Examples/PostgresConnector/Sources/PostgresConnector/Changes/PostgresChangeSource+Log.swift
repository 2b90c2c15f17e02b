// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension PostgresChangeSource {
    /// How far the log may go on without a record before the position is moved.
    private static let markDistance: UInt64 = 1 << 20

    /// The next changes.
    func changes(_ request: PollRequest) async throws -> SourceBatch {
        if await !stream.isOpen { isStreaming = false }
        if !isStreaming { try await beginStream() }
        while assembler.count == 0 {
            if let mark = try await received(request) {
                return SourceBatch(progress: [
                    RecordPosition(partition: partition, offset: ChangePlace.log(mark).offset)
                ])
            }
            if assembler.count == 0 { try await stream.streamReady(task) }
        }
        let records = assembler.take(request)
        if let last = records.last(where: { $0.offset != nil })?.offset { place = try ChangePlace(last) }
        return SourceBatch(records)
    }

    private func beginStream() async throws {
        guard case .log(let position)? = place else { return }
        assembler.reconnect()
        await connection.close()
        try await witness.open()
        try await stream.open()
        let slot = SQL.identifier(options.slot)
        // The plugin takes a list of names, each in quotes where it is odd; they are within a literal here.
        let names = SQL.identifier(options.publication).replacing("'", by: "''")
        let command =
            "START_REPLICATION SLOT \(slot) LOGICAL \(position) "
            + "(proto_version '1', publication_names '\(names)')"
        // The server takes a moment to notice that a predecessor's connection is gone.
        for attempt in 0... {
            do {
                _ = try await stream.command(command, task)
                isStreaming = true
                return
            } catch let failure as PostgresFailure where failure.state == "55006" && attempt < 20 {
                try await clock.sleep(for: .milliseconds(50))
            }
        }
    }

    private func received(_ request: PollRequest) async throws -> LogPosition? {
        do {
            return try await receive(request)
        } catch {
            // What was taken from the stream and not understood has to come again.
            if !(error is CancellationError) { await stream.close() }
            throw error
        }
    }

    /// Takes what has arrived, up to what was asked for.
    ///
    /// - Returns: a position behind which nothing was worth a record.
    private func receive(_ request: PollRequest) async throws -> LogPosition? {
        while assembler.count < request.maxRecords, assembler.bytes < request.maxBytes,
            let message = try await stream.streamMessage(task)
        {
            var reader = LogReader(message)
            let kind = try reader.byte()
            var mark: LogPosition?
            if kind == UInt8(ascii: "w") {
                mark = try await change(&reader)
            } else if kind == UInt8(ascii: "k") {
                mark = try await keepAlive(&reader)
            }
            // A mark lies behind the records before it, and never within a unit, of which the rest may come again.
            if let mark, assembler.count == 0, !assembler.isWithinUnit {
                place = .log(mark)
                return mark
            }
        }
        return nil
    }

    private func change(_ reader: inout LogReader) async throws -> LogPosition? {
        let start: UInt64 = try reader.number()
        _ = try reader.bytes(16)
        received = max(received, LogPosition(start))
        let message = try LogMessage(Array(try reader.bytes(reader.count)))
        return try assembler.note(try await explained(message))
    }

    private func keepAlive(_ reader: inout LogReader) async throws -> LogPosition? {
        let end = LogPosition(try reader.number())
        _ = try reader.bytes(8)
        received = max(received, end)
        if try reader.byte() == 1 { await sendStatus() }
        guard !assembler.isOpen, case .log(let last)? = place, end.number >= last.number + Self.markDistance else {
            return nil
        }
        return end
    }

    /// With what the log does not say and the tables do.
    private func explained(_ message: LogMessage) async throws -> LogMessage {
        let lookup = TableLookup(connection: connection, task: task)
        switch message {
        case .relation(let relation): return .relation(try await lookup.identified(relation))
        case .update(let identifier, let old?, let new):
            guard let table = assembler.relation(identifier), !table.isFull, !new.isComplete, table.isOtherRow(old, new)
            else { return message }
            return .update(relation: identifier, old: old, new: try await lookup.completed(new, of: table))
        default: return message
        }
    }

    /// Tells the server how far the log is received and committed.
    func sendStatus() async {
        guard isStreaming, !isStopped else { return }
        var message = [UInt8(ascii: "r")]
        let microseconds = RecordTimestamp.now.nanosecondsSince1970 / 1000 - ChangeRecord.microsecondsTo2000
        let places = [max(received, committed), committed, committed].map(\.number)
        for number in places + [UInt64(bitPattern: microseconds)] {
            withUnsafeBytes(of: number.bigEndian) { message += $0 }
        }
        message.append(0)
        // A connection that broke is noticed by the next poll.
        try? await stream.streamSend(message, task)
    }
}
