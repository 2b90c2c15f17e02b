// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Views and edits what is stored for a pipeline that does not run.
struct OffsetDesk {
    private let pipeline: Pipeline
    /// What is to be done with the offsets, in an error.
    private let deed: String
    private let retrier: Retrier

    init(_ pipeline: Pipeline, _ deed: String) {
        self.pipeline = pipeline
        self.deed = deed
        retrier = Retrier(
            options: pipeline.options,
            clock: pipeline.clock,
            randomness: pipeline.randomness,
            stop: StopSignal(),
            events: pipeline.events,
            calls: CallRegister(pipeline.clock),
            spans: SpanSender(pipeline.name, pipeline.clock)
        )
    }

    func view() async throws -> StoredOffsets {
        let connectors = try makeConnectors()
        let isCopy = connectors.sinks.contains { $0.sink is any PositionKeepingSink }
        let store = try store(of: connectors.source)
        return try await claiming(store) { StoredOffsets(positions: $0.positions, isCopy: isCopy) }
    }

    /// - Parameter wanted: says what is to be changed, of what is stored.
    func edit(_ wanted: ([StoredPosition]) -> [RecordPartition: RecordOffset?]) async throws -> [OffsetEdit] {
        let connectors = try makeConnectors()
        let store = try store(of: connectors.source)
        if let keeper = connectors.sinks.first(where: { $0.sink is any PositionKeepingSink }) {
            throw refusal("the \(keeper.name) keeps them with its data; change them there, in the system it writes")
        }
        return try await claiming(store) { claim in
            let changes = wanted(claim.positions)
            guard !changes.isEmpty else { return [] }
            try await ask(connectors, changes)
            let edits = edits(changes, claim.positions)
            try await save(edits, claim, store)
            tell(edits)
            return edits
        }
    }

    // MARK: Who has a say

    private typealias Connectors = (source: any Source, sinks: [(name: String, sink: any Sink)])

    private func makeConnectors() throws -> Connectors {
        guard !pipeline.isRunning else { throw refusal("it is running; stop it first") }
        return (
            try make("source", pipeline.makeSource), try pipeline.sinks.map { ($0.name, try make($0.name, $0.make)) }
        )
    }

    private func make<Made>(_ name: String, _ body: () throws -> Made) throws -> Made {
        do { return try body() } catch { throw error.inCall("making", of: name) }
    }

    private func store(of source: any Source) throws -> any OffsetStore {
        switch source.traits.positions {
        case .upstream:
            throw refusal("the upstream keeps them; change them there, as an offset of a group or of a slot")
        case .nobody:
            throw refusal("nobody keeps any: each record is acknowledged for itself")
        default:
            guard let store = pipeline.store else { throw refusal("it has no offset store; pass `offsets:`") }
            return store
        }
    }

    private func refusal(_ reason: String) -> ConnectorError {
        ConnectorError(
            .invalidConfiguration,
            "the offsets of the pipeline \"\(pipeline.name)\" cannot be \(deed): \(reason)"
        )
    }

    private func ask(_ connectors: Connectors, _ changes: [RecordPartition: RecordOffset?]) async throws {
        let parts = [("source", connectors.source as any Connector)] + connectors.sinks.map { ($0.name, $0.sink) }
        for (name, connector) in parts {
            guard let editing = connector as? any OffsetEditing else { continue }
            do {
                try await editing.willEditOffsets(changes)
            } catch {
                throw error.inCall("willEditOffsets", of: name)
            }
        }
    }

    // MARK: The claim

    /// Does something while nobody else can own any of the offsets, those of single partitions included.
    private func claiming<Result>(
        _ store: any OffsetStore,
        _ body: (OffsetClaim) async throws -> Result
    ) async throws -> Result {
        let claim = try await retrier.claim(ClaimScope(connector: pipeline.name), in: store, by: .failIfOwned)
        let result: Result
        do {
            result = try await body(claim)
        } catch {
            try? await store.release(claim.token)
            throw error.inCall("edit", of: "offset store")
        }
        do {
            try await store.release(claim.token)
        } catch {
            throw ConnectorError(
                .retryable,
                "the offsets of the pipeline \"\(pipeline.name)\" were \(deed), but the claim could not be given back",
                cause: error
            )
        }
        return result
    }

    // MARK: The change

    private func edits(_ changes: [RecordPartition: RecordOffset?], _ stored: [StoredPosition]) -> [OffsetEdit] {
        let previous = Dictionary(stored.map { ($0.position.partition, $0.position.offset) }) { first, _ in first }
        return changes.map { OffsetEdit(partition: $0.key, previous: previous[$0.key], new: $0.value) }
            .sorted { $0.partition < $1.partition }
    }

    private func save(_ edits: [OffsetEdit], _ claim: OffsetClaim, _ store: any OffsetStore) async throws {
        var changes = OffsetChanges()
        // Ahead of all that is stored: which of two positions is the newer one can be told by the numbers alone.
        var sequence = claim.positions.map(\.sequence).max() ?? 0
        for edit in edits {
            if let offset = edit.new {
                sequence += 1
                let position = RecordPosition(partition: edit.partition, offset: offset)
                changes.positions.append(StoredPosition(position, sequence: sequence))
            } else if edit.previous != nil {
                changes.removed.append(edit.partition)
            }
        }
        guard !changes.isEmpty else { return }
        try Task.checkCancellation()
        try await retrier.run("save", of: "offset store") { [changes] in
            try await store.save(changes, under: claim.token)
        }
    }

    private func tell(_ edits: [OffsetEdit]) {
        let unknown = edits.filter { $0.previous == nil }
        pipeline.events.send(
            .offsetsEdited,
            unknown.isEmpty ? .info : .warning,
            "the offsets of the pipeline \"\(pipeline.name)\" were \(deed)"
                + (unknown.isEmpty ? "" : "; nothing was stored before for some of the partitions"),
            attributes: [
                "offsets": edits.map(\.description).joined(separator: ", "),
                "unknown": unknown.map(\.partition.name).joined(separator: ", "),
            ]
        )
    }
}
