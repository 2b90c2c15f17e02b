// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension ConnectRuntime {
    /// What is stored of a pipeline, as ``Pipeline/offsets()``.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` when there is no such pipeline, or while it runs
    ///   or waits for a restart: stop it first.
    public func offsets(of name: String) async throws -> StoredOffsets {
        try await editing(name) { try await $0.offsets() }
    }

    /// Stores other offsets for a pipeline, as ``Pipeline/editOffsets(_:)``. When it is resumed, it goes on from them.
    ///
    /// - Throws: as ``offsets(of:)``, and what the connectors object.
    @discardableResult
    public func editOffsets(
        of name: String,
        _ changes: [RecordPartition: RecordOffset?]
    ) async throws -> [OffsetEdit] {
        try await editing(name) { try await $0.editOffsets(changes) }
    }

    /// Forgets offsets of a pipeline, as ``Pipeline/resetOffsets(_:)``: those of some partitions, or all.
    ///
    /// - Throws: as ``offsets(of:)``, and what the connectors object.
    @discardableResult
    public func resetOffsets(
        of name: String,
        _ partitions: [RecordPartition]? = nil
    ) async throws -> [OffsetEdit] {
        try await editing(name) { try await $0.resetOffsets(partitions) }
    }

    /// Keeps the pipeline from running meanwhile.
    private func editing<Result: Sendable>(
        _ name: String,
        _ body: (Pipeline) async throws -> Result
    ) async throws -> Result {
        let supervisor = try supervisor(name)
        var mayEdit = false
        supervisor.take { mayEdit = $0.beginEditing() }
        guard mayEdit else {
            throw ConnectorError(
                .invalidConfiguration,
                "the pipeline \"\(name)\" is \(supervisor.supervision.state), so its offsets cannot be looked at or "
                    + "changed; stop it first"
            )
        }
        defer { supervisor.take { $0.endEditing() } }
        return try await body(supervisor.pipeline)
    }
}
