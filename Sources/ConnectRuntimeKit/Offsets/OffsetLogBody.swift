// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What an entry of the offset log says.
enum OffsetLogBody: Sendable, Hashable {
    /// Everything that was stored when the file was begun: the first entry of every file, and only that.
    case snapshot(OffsetTable)
    /// One change.
    case entry(OffsetEntry)

    private static let snapshotKind: UInt8 = 1
    private static let epochKind: UInt8 = 2
    private static let changesKind: UInt8 = 3
    /// Ends every body. Not zero: so an entry whose last page never reached the disk shows at its end.
    private static let end: UInt8 = 0xE7

    var encoded: [UInt8] {
        var writer = OffsetLogWriter()
        switch self {
        case .snapshot(let table):
            writer.append(Self.snapshotKind)
            writer.append(table)
        case .entry(.epoch(let connector, let number)):
            writer.append(Self.epochKind)
            writer.append(connector)
            writer.append(number)
        case .entry(.changes(let scope, let changes)):
            writer.append(Self.changesKind)
            writer.append(scope, changes)
        }
        writer.append(Self.end)
        return writer.bytes
    }

    /// The body that ``encoded`` gave the bytes for, or `nil` where they are something else.
    init?(_ bytes: ArraySlice<UInt8>) {
        guard bytes.last == Self.end else { return nil }
        var reader = OffsetLogReader(bytes.dropLast())
        switch reader.number(UInt8.self) {
        case Self.snapshotKind:
            guard let table = reader.table() else { return nil }
            self = .snapshot(table)
        case Self.epochKind:
            guard let connector = reader.text(), let number = reader.number(UInt64.self) else { return nil }
            self = .entry(.epoch(connector: connector, number))
        case Self.changesKind:
            guard let entry = reader.changes() else { return nil }
            self = .entry(entry)
        default: return nil
        }
        guard reader.rest.isEmpty else { return nil }
    }
}

extension OffsetLogWriter {
    fileprivate mutating func append(_ position: StoredPosition) {
        append(position.position.partition.name)
        append(position.sequence)
        append(counted: position.position.offset.stored)
    }

    fileprivate mutating func append(_ checkpoint: SinkCheckpoint, of sink: String) {
        append(sink)
        append(Int64(checkpoint.version))
        append(counted: checkpoint.bytes)
    }

    fileprivate mutating func append(_ scope: ClaimScope, _ changes: OffsetChanges) {
        append(scope.connector)
        append(scope.partition?.name)
        append(UInt32(changes.positions.count))
        for position in changes.positions { append(position) }
        append(UInt32(changes.removed.count))
        for partition in changes.removed { append(partition.name) }
        append(UInt32(changes.checkpoints.count))
        for (sink, checkpoint) in changes.checkpoints.sorted(by: { $0.key < $1.key }) { append(checkpoint, of: sink) }
    }

    fileprivate mutating func append(_ table: OffsetTable) {
        append(UInt32(table.connectors.count))
        for (name, connector) in table.connectors.sorted(by: { $0.key < $1.key }) {
            append(name)
            append(connector.epoch)
            append(UInt32(connector.positions.count))
            for position in connector.positions.values { append(position) }
            append(UInt32(connector.checkpoints.count))
            for (key, checkpoint) in connector.checkpoints {
                append(key.partition?.name)
                append(checkpoint, of: key.sink)
            }
        }
    }
}

extension OffsetLogReader {
    fileprivate mutating func position() -> StoredPosition? {
        guard let name = text(), let sequence = number(UInt64.self), let bytes = counted(),
            let offset = RecordOffset(stored: bytes)
        else { return nil }
        return StoredPosition(RecordPosition(partition: RecordPartition(name), offset: offset), sequence: sequence)
    }

    fileprivate mutating func checkpoint() -> (sink: String, checkpoint: SinkCheckpoint)? {
        guard let sink = text(), let version = number(Int64.self).flatMap({ Int(exactly: $0) }), let bytes = counted()
        else { return nil }
        return (sink, SinkCheckpoint(SharedBytes(bytes), version: version))
    }

    fileprivate mutating func changes() -> OffsetEntry? {
        guard let connector = text(), let partition = optionalText(),
            let positions = list({ $0.position() }),
            let removed = list({ $0.text() }),
            let checkpoints = list({ $0.checkpoint() })
        else { return nil }
        let changes = OffsetChanges(
            positions: positions,
            removed: removed.map { RecordPartition($0) },
            checkpoints: Dictionary(checkpoints) { _, last in last }
        )
        let scope = ClaimScope(connector: connector, partition: partition.map { RecordPartition($0) })
        return .changes(scope, changes)
    }

    fileprivate mutating func table() -> OffsetTable? {
        guard let connectors = list({ $0.connector() }) else { return nil }
        return OffsetTable(connectors: Dictionary(connectors) { _, last in last })
    }

    private mutating func connector() -> (String, OffsetTable.Connector)? {
        guard let name = text(), let epoch = number(UInt64.self),
            let positions = list({ $0.position() }),
            let checkpoints = list({ $0.scopedCheckpoint() })
        else { return nil }
        let connector = OffsetTable.Connector(
            epoch: epoch,
            positions: Dictionary(positions.map { ($0.position.partition, $0) }) { _, last in last },
            checkpoints: Dictionary(checkpoints) { _, last in last }
        )
        return (name, connector)
    }

    private mutating func scopedCheckpoint() -> (OffsetTable.CheckpointKey, SinkCheckpoint)? {
        guard let partition = optionalText(), let (sink, checkpoint) = checkpoint() else { return nil }
        return (OffsetTable.CheckpointKey(partition: partition.map { RecordPartition($0) }, sink: sink), checkpoint)
    }
}
