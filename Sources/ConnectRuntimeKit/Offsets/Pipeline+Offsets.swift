// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension Pipeline {
    /// Whether it is the offset store that keeps the source's positions.
    var storesOffsets: Bool {
        (try? makeSource())?.traits.positions == .offsetStore && store != nil
    }

    /// The offsets that are stored for the pipeline, which must not run.
    ///
    /// They are claimed while they are read, so no connector is started.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` where the pipeline runs in this process, or its
    ///   offsets are not in its store; `retryable` where somebody else owns them; what the store failed with.
    public func offsets() async throws -> StoredOffsets {
        try await OffsetDesk(self, "viewed").view()
    }

    /// Changes stored offsets while the pipeline does not run: all of them, or none.
    ///
    /// The next run reads on behind the offsets that are stored then. Source and sinks are asked first: each that is
    /// ``/OpenConnect/OffsetEditing`` can refuse. They are made anew for it and not started. The claim is given back in any
    /// case. Where there is an owner the change is refused, whatever ``DeliveryOptions/claim`` says.
    ///
    /// Checkpoints of sinks stay: an edit changes what is read, not what is written. See <doc:OffsetsAndClaims>.
    ///
    /// - Parameter changes: the new offsets; `nil` to begin the partition anew, as in a literal: setting `nil` by subscript
    ///   takes the partition out of the dictionary. Partitions that nothing is stored for may be among them.
    /// - Returns: what was done, in the order of the partitions' names.
    /// - Throws: ``/OpenConnect/ConnectorError``: as ``offsets()``; `invalidConfiguration` where a sink or the upstream
    ///   keeps the positions; what a connector refuses with; `cancelled`. Nothing was changed, unless the store says so.
    @discardableResult
    public func editOffsets(_ changes: [RecordPartition: RecordOffset?]) async throws -> [OffsetEdit] {
        try await OffsetDesk(self, "edited").edit { _ in changes }
    }

    /// Has partitions begin anew with the next run, as ``editOffsets(_:)`` does with `nil`.
    ///
    /// - Parameter partitions: which ones; `nil` for all that something is stored for.
    /// - Returns: what was done, in the order of the partitions' names.
    /// - Throws: as ``editOffsets(_:)``.
    @discardableResult
    public func resetOffsets(_ partitions: [RecordPartition]? = nil) async throws -> [OffsetEdit] {
        try await OffsetDesk(self, "reset").edit { stored in
            let names = partitions ?? stored.map(\.position.partition)
            return Dictionary(names.map { ($0, nil) }) { first, _ in first }
        }
    }
}
