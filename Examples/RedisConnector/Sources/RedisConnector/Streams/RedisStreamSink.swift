// SPDX-License-Identifier: Apache-2.0

public import OpenConnect
import Synchronization

/// Adds records to streams of a Redis server.
///
/// The records of a put are added in their order, up to 1000 of them, or 8 MB, as one step of the server: a transaction where
/// each lane has one stream, and a script that stops a lane at its first failure where a lane's records go to several. After
/// a connection was lost in between, either all records of a step are there or none is, and they are put again. What earlier
/// steps of a larger put have added is delivered.
public final class RedisStreamSink: Sink, ConnectionChecking {
    /// One put at a time, in order. What the server has answered is as durable as it makes anything (`appendfsync`).
    public let traits = SinkTraits(
        preferredBatch: SinkTraits.PreferredBatch(maxRecords: EntryBatch.mostRecords, maxBytes: EntryBatch.mostBytes),
        isDurableOnPut: true
    )

    private struct Session: Sendable {
        let link: RedisLink
        let encoder: EntryEncoder
    }

    private let stream: StreamName
    private let address: RedisAddress
    private let options: RedisStreamSinkOptions
    private let session = Mutex<Session?>(nil)

    /// A sink for a stream, or for one that each record names.
    public init(stream: StreamName, of address: RedisAddress, options: RedisStreamSinkOptions = .init()) {
        self.stream = stream
        self.address = address
        self.options = options
    }

    /// Connects.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected`, or `invalidConfiguration` for a login that is refused.
    public func start(_ context: ConnectorContext) async throws {
        let link = RedisLink(address, for: "writing") { context.emit($0) }
        let encoder = EntryEncoder(options.format, EntryFields(data: options.dataField), context.eventDefaults)
        session.withLock { $0 = Session(link: link, encoder: encoder) }
        _ = try await link.connection()
    }

    /// Closes the connection.
    public func stop() async {
        let session = session.withLock { $0.take() }
        await session?.link.close()
    }

    /// Adds the records.
    ///
    /// - Returns: a rejection for a record that no entry can be made of, or whose stream refuses it; what is behind it
    ///   in its lane was not tried, and neither was anything behind a step that failed as a whole.
    /// - Throws: ``/OpenConnect/ConnectorError`` where the server does not take the first step: `notConnected`; `throttled` while its
    ///   memory is full or its disk fails; `invalidConfiguration` for a right that the user lacks.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        guard let session = session.withLock({ $0 }) else {
            throw ConnectorError(.fatal, "the redis-stream sink was used before it was started; call start first")
        }
        var progress = PutProgress(batch)
        var next = 0
        var hasWritten = false
        while next < batch.count {
            let first = next
            let entries = EntryBatch(batch, &next, stream, options, session.encoder, &progress)
            guard !entries.isEmpty else { continue }
            do {
                try await entries.write(over: session.link, &progress)
            } catch is ConnectorError where hasWritten {
                // The next put begins with these, and is told the same unless it has passed.
                progress.leave(from: first)
                break
            }
            hasWritten = true
        }
        return progress.result
    }

    /// Does nothing: what the server has answered is as durable as it makes it.
    public func flush() async throws {}

    /// Connects, logs in, and looks whether the stream is something else, where there is one for all.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let link = RedisLink(address, for: "check")
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await check(link))
        } catch {
            outcome = .failure(error)
        }
        await link.close()
        try outcome.get()
    }

    private func check(_ link: RedisLink) async throws {
        guard let name = stream.constant else {
            _ = try await link.connection()
            return
        }
        let task = "looking for the stream '\(name)'"
        let type = try await link.run(["TYPE", name], task).text
        guard let type, !["stream", "none"].contains(type) else { return }
        throw ServerError("WRONGTYPE it is a \(type)").error(task)
    }
}
