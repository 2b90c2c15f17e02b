// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Reads streams of a Redis server as one consumer of a consumer group; each stream is a partition.
///
/// The group keeps the positions: an entry is acknowledged (`XACK`) when its record is committed, and not before. What was
/// read and not acknowledged stays pending in the group: after a restart, and after a connection was lost, the source reads
/// its own pending entries again, before any new ones and in their order. What a consumer left that does not come back is taken
/// over once it has been idle for ``RedisStreamSourceOptions/claimIdle`` (`XAUTOCLAIM`); while this source lives it keeps what it
/// holds from becoming idle.
///
/// The offset of a record is the ID of its entry.
public actor RedisStreamSource: CommittingSource, HoldObserving, LagReporting, ConnectionChecking {
    /// Cumulative in the order of reading, kept by the group, replayable; partitions that are held back are left out.
    public nonisolated var traits: SourceTraits {
        SourceTraits(positions: .upstream, canHoldBackPartitions: true)
    }

    let group: StreamGroup
    let options: RedisStreamSourceOptions
    let decoder: EntryDecoder
    private let address: RedisAddress
    private var context: ConnectorContext?
    /// Reads, and may be blocked by that.
    private var reading: RedisLink?
    /// Does everything else.
    private var acting: RedisLink?
    var streams: [StreamState]
    /// The connection by which was read last.
    private var generation = 0
    private var nextClaim: ConnectorClock.Instant?
    /// Whose turn it is to be the first in a batch.
    private var turn = 0
    /// How many bytes an entry had lately.
    var usualSize = 256

    /// A source of streams.
    ///
    /// - Parameters:
    ///   - streams: the keys of the streams, each once.
    ///   - group: the name of the consumer group.
    ///   - address: the server.
    ///   - options: how they are read.
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` where there is no stream, one is named
    ///   twice, or a name is empty.
    public init(
        streams: [String],
        group: String,
        of address: RedisAddress,
        options: RedisStreamSourceOptions = RedisStreamSourceOptions()
    ) throws {
        self.group = try StreamGroup(streams, group, options)
        self.options = options
        self.address = address
        self.streams = streams.map { StreamState($0) }
        decoder = EntryDecoder(options.format, EntryFields(data: options.dataField))
    }

    /// Connects, and makes the group where it is missing and the options say so.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected`; `invalidConfiguration` for a login, a right or a group that
    ///   is missing.
    public func start(_ context: ConnectorContext) async throws {
        self.context = context
        let acting = RedisLink(address, for: "acting") { context.emit($0) }
        let reading = RedisLink(address, for: "reading") { context.emit($0) }
        (self.acting, self.reading) = (acting, reading)
        try await group.prepare(acting)
        _ = try await reading.connection()
        if options.claimIdle != nil { nextClaim = context.clock.now }
        context.addTask(named: "keeping entries") { try await self.keepEntries(over: acting, context.clock) }
    }

    /// Closes the connections.
    public func stop() async {
        await reading?.close()
        await acting?.close()
    }

    // MARK: Reading

    /// Reads the next entries.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `notConnected` in an outage, after which it connects again;
    ///   `corruptOffsets` when the group is gone.
    public func poll(_ request: PollRequest) async throws -> SourceBatch {
        while true {
            if let batch = batch(for: request) { return batch }
            try Task.checkCancellation()
            try await read(request)
        }
    }

    /// A poll that waits looks at what is held back by itself, several times a second.
    public func heldBackPartitionsChanged(to partitions: [RecordPartition]) async {}

    private func batch(for request: PollRequest) -> SourceBatch? {
        guard streams.contains(where: { !$0.entries.isEmpty }) else { return nil }
        let held = request.heldBack
        var batch = SourceBatch()
        var room = PollRoom(request)
        for step in streams.indices {
            let index = (turn + step) % streams.count
            guard !streams[index].entries.isEmpty, !held.contains(streams[index].partition) else { continue }
            streams[index].entries.take(into: &batch, &room)
        }
        turn = (turn + 1) % streams.count
        return batch.records.isEmpty && batch.rejected.isEmpty && batch.progress.isEmpty ? nil : batch
    }

    private func read(_ request: PollRequest) async throws {
        guard let reading, let context else {
            throw ConnectorError(.fatal, "the redis-stream source was used before it was started; call start first")
        }
        let connection = try await reading.connection()
        let generation = await reading.generation
        if generation != self.generation {
            // Replies may have been lost with the connection before.
            self.generation = generation
            for index in streams.indices { streams[index].beginReplay() }
        }
        let held = request.heldBack
        let free = streams.indices.filter { !held.contains(streams[$0].partition) && streams[$0].entries.isEmpty }
        guard !free.isEmpty else { return try await context.clock.sleep(for: Self.holdInterval) }
        do {
            try await read(free, request, connection, context, isHolding: free.count < streams.count)
        } catch let error as ServerError {
            if error.isOutage { await reading.drop() }
            throw group.error(error)
        }
    }

    private func read(
        _ free: [Int],
        _ request: PollRequest,
        _ connection: RedisConnection,
        _ context: ConnectorContext,
        isHolding: Bool
    ) async throws {
        let count = readCount(request, of: free.count)
        let replays = free.filter { streams[$0].replay != nil }
        if !replays.isEmpty { return try await replay(replays, count, connection) }
        if let claim = nextClaim, context.clock.now >= claim {
            for index in streams.indices where streams[index].claimCursor == nil {
                streams[index].advanceClaiming(to: "0-0")
            }
            nextClaim = context.clock.now.advanced(by: (options.claimIdle ?? .seconds(60)) / 2)
        }
        if let index = free.first(where: { streams[$0].claimCursor != nil }) {
            return try await claim(index, count, connection, context)
        }
        var wait = options.block
        if let claim = nextClaim { wait = min(wait, claim.since(context.clock.now)) }
        if isHolding { wait = min(wait, Self.holdInterval) }
        try await readNew(free, count, waiting: wait, connection)
    }

    private static let holdInterval = Duration.milliseconds(50)

    /// How many entries to ask for of each stream: what was read and does not fit has to be kept.
    private func readCount(_ request: PollRequest, of streams: Int) -> Int {
        let fitting = request.maxBytes / max(usualSize, 1) / max(streams, 1)
        return max(1, min(request.maxRecords, options.count, fitting))
    }

    // MARK: Committing

    /// Acknowledges everything that was read up to these positions.
    public func commit(_ positions: [RecordPosition]) async throws {
        guard let acting else { return }
        var counts: [Int: Int] = [:]
        var commands = RedisCommands()
        for position in positions {
            guard let index = streams.firstIndex(where: { $0.partition == position.partition }) else { continue }
            let ids = streams[index].committable(position.offset)
            guard !ids.isEmpty else { continue }
            counts[index] = ids.count
            group.addAcknowledgement(of: ids, in: streams[index].name, to: &commands)
        }
        guard commands.count > 0 else { return }
        let task = "acknowledging entries of the group '\(group.name)'"
        if let error = try await acting.run(commands, task).firstError { throw error.error(task) }
        for (index, count) in counts { streams[index].commit(count) }
    }

    // MARK: Looking

    /// How many entries there are behind the newest one that was read, where the server knows.
    public func lag() async throws -> [RecordPartition: Int64] {
        guard let acting else { return [:] }
        var lags: [RecordPartition: Int64] = [:]
        for stream in streams {
            if let lag = try await group.lag(of: stream.name, over: acting) { lags[stream.partition] = lag }
        }
        return lags
    }

    /// Connects, logs in, and looks for the streams and their group.
    public func checkConnection(_ context: ConnectorContext) async throws {
        let link = RedisLink(address, for: "check")
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await group.check(link))
        } catch {
            outcome = .failure(error)
        }
        await link.close()
        try outcome.get()
    }

    /// Keeps what this consumer holds from becoming idle, so that no other one takes it over, as long as this one lives.
    private func keepEntries(over link: RedisLink, _ clock: ConnectorClock) async throws {
        let interval = (options.claimIdle ?? .seconds(60)) / 3
        while true {
            try await clock.sleep(for: interval)
            for index in streams.indices { await keepEntries(of: index, idle: interval, over: link) }
        }
    }

    private func keepEntries(of index: Int, idle: Duration, over link: RedisLink) async {
        do {
            let kept = try await group.keep(streams[index].name, idle: idle, over: link)
            let held = streams[index].held
            // Given out to a connection that was gone by then: nobody has read it.
            if !kept.allSatisfy(held.contains) { streams[index].beginReplay() }
        } catch let error as ConnectorError where error.code == .invalidConfiguration {
            let message = "what this consumer holds may be taken over by another one: \(error.message)"
            tell(ConnectorEvent(.warning, message, attributes: ["stream": streams[index].name], error: error))
        } catch {
            // In an outage, reading and committing say so.
        }
    }

    /// Tells the operator something.
    func tell(_ event: ConnectorEvent) { context?.emit(event) }
}
