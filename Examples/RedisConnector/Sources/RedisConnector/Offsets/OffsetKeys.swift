// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// The names and the values of an offset store's hashes. Names are kept byte by byte.
struct OffsetKeys: Sendable {
    let prefix: String

    /// Claims, positions and checkpoints of a connector. What tells them apart stands at the end, so that no name of a
    /// connector makes two of them the same.
    func all(_ scope: ClaimScope) -> [SharedBytes] {
        ["claims", "positions", "checkpoints"].map { SharedBytes(utf8: "\(prefix):\(scope.connector):\($0)") }
    }

    /// What a claim is kept under.
    func scope(_ scope: ClaimScope) -> SharedBytes {
        SharedBytes(utf8: scope.partition.map { "p:" + $0.name } ?? "all")
    }

    /// The claim that ``scope(_:)`` gave the text for, in words.
    static func words(forScope text: String) -> String {
        text == "all" ? "all partitions" : "partition \"\(text.dropping(bytes: "p:".utf8.count))\""
    }

    // MARK: Values

    /// Changes as the script for saving wants them.
    func words(of changes: OffsetChanges, in scope: ClaimScope) -> [SharedBytes] {
        var words = [String(changes.removed.count), String(changes.positions.count)].map { SharedBytes(utf8: $0) }
        words += changes.removed.map { SharedBytes(utf8: $0.name) }
        for stored in changes.positions {
            words.append(SharedBytes(utf8: stored.position.partition.name))
            words.append(SharedBytes(utf8: "\(stored.sequence) \(StoredOffset.text(of: stored.position.offset))"))
        }
        for (sink, checkpoint) in changes.checkpoints {
            words.append(SharedBytes(utf8: checkpointPrefix(scope) + sink))
            words.append(SharedBytes(Array("\(checkpoint.version) ".utf8) + Array(checkpoint.bytes)))
        }
        return words
    }

    func position(_ field: RedisReply, _ value: RedisReply) throws -> StoredPosition {
        let parts = value.text?.parts(between: " ", maxSplits: 1) ?? []
        guard let partition = field.text, parts.count == 2, let sequence = UInt64(parts[0]) else {
            throw ConnectorError(
                .corruptOffsets,
                "the position of the partition '\(field.text ?? "")' has no sequence number: something else wrote it; "
                    + "correct it, or remove it to begin anew"
            )
        }
        let offset = try StoredOffset.offset(parts[1])
        let place = RecordPosition(partition: RecordPartition(partition), offset: offset)
        return StoredPosition(place, sequence: sequence)
    }

    /// The checkpoint in a field, or `nil` where that belongs to another scope.
    func checkpoint(_ field: RedisReply, _ value: RedisReply, of scope: ClaimScope) throws -> (String, SinkCheckpoint)?
    {
        guard let name = field.text else { return nil }
        let prefix = checkpointPrefix(scope)
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let bytes = value.bytes ?? SharedBytes()
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")),
            let version = Int(String(decodingUTF8: bytes.slice(0..<space)))
        else {
            throw ConnectorError(
                .corruptOffsets,
                "a checkpoint has no version: something else wrote it; remove it and the sink's output, to begin anew"
            )
        }
        let sink = name.dropping(bytes: prefix.utf8.count)
        return (sink, SinkCheckpoint(bytes.slice(space + 1..<bytes.count), version: version))
    }

    /// The scope before the name of the sink, with its length, so that no name can look like another scope's.
    private func checkpointPrefix(_ scope: ClaimScope) -> String {
        guard let partition = scope.partition?.name else { return "all:" }
        return "p\(partition.utf8.count):\(partition):"
    }
}
