// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// One change of what is stored, as it is logged: all of it, or nothing.
enum OffsetEntry: Sendable, Hashable {
    /// A connector's newest epoch.
    case epoch(connector: String, UInt64)
    /// What an owner saved.
    case changes(ClaimScope, OffsetChanges)
}

/// Everything that is stored, without who owns it at present.
struct OffsetTable: Sendable, Hashable {
    /// A sink's checkpoint belongs to the claim it was saved under: that of the connector, or that of a partition.
    struct CheckpointKey: Sendable, Hashable {
        let partition: RecordPartition?
        let sink: String
    }

    struct Connector: Sendable, Hashable {
        /// The newest epoch of all claims of the connector. One count for all its scopes: so epochs only grow, also
        /// where a claim of one partition follows a claim of all.
        var epoch: UInt64 = 0
        var positions: [RecordPartition: StoredPosition] = [:]
        var checkpoints: [CheckpointKey: SinkCheckpoint] = [:]
    }

    var connectors: [String: Connector] = [:]

    /// Does what an entry says.
    mutating func apply(_ entry: OffsetEntry) {
        switch entry {
        case .epoch(let connector, let number): connectors[connector, default: Connector()].epoch = number
        case .changes(let scope, let changes):
            connectors[scope.connector, default: Connector()].apply(changes, partition: scope.partition)
        }
    }

    /// What an owner of a scope gets to see, in the order of the partitions' names.
    func claim(_ token: ClaimToken) -> OffsetClaim {
        let connector = connectors[token.scope.connector] ?? Connector()
        let visible = connector.checkpoints.filter { $0.key.partition == token.scope.partition }
        return OffsetClaim(
            token: token,
            positions: connector.positions(in: token.scope),
            checkpoints: Dictionary(uniqueKeysWithValues: visible.map { ($0.key.sink, $0.value) })
        )
    }
}

extension OffsetTable.Connector {
    fileprivate mutating func apply(_ changes: OffsetChanges, partition: RecordPartition?) {
        for partition in changes.removed { positions[partition] = nil }
        for position in changes.positions {
            let stored = position.detached
            positions[stored.position.partition] = stored
        }
        for (sink, checkpoint) in changes.checkpoints {
            let key = OffsetTable.CheckpointKey(partition: partition.map { RecordPartition($0.name) }, sink: sink)
            checkpoints[key] = SinkCheckpoint(checkpoint.bytes.detached(), version: checkpoint.version)
        }
    }

    fileprivate func positions(in scope: ClaimScope) -> [StoredPosition] {
        guard let partition = scope.partition else {
            return positions.values.sorted { $0.position.partition.name < $1.position.partition.name }
        }
        return positions[partition].map { [$0] } ?? []
    }
}

extension StoredPosition {
    /// The position with a partition of just its name, so that the store keeps nothing of the source alive.
    var detached: StoredPosition {
        let partition = RecordPartition(position.partition.name)
        return StoredPosition(RecordPosition(partition: partition, offset: position.offset), sequence: sequence)
    }
}
