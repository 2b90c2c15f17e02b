// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What a checkpoint of a ``FileSink`` says: eight bytes of length, one of format, and the path.
struct OutputCheckpoint: Equatable {
    static let version = 1

    let length: Int64
    let format: UInt8
    let path: String

    init(length: Int64, format: UInt8, path: String) {
        self.length = length
        self.format = format
        self.path = path
    }

    /// What is the same in all checkpoints of an output.
    static func constant(format: UInt8, path: String) -> [UInt8] { [format] + path.utf8 }

    /// A checkpoint, with the part that never changes made once.
    static func encode(length: Int64, constant: [UInt8]) -> SinkCheckpoint {
        let bytes = SharedBytes(unsafeUninitializedCapacity: 8 + constant.count) { buffer in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            raw.storeBytes(of: length.littleEndian, as: Int64.self)
            UnsafeMutableRawBufferPointer(rebasing: raw[8...]).copyBytes(from: constant)
            return raw.count
        }
        return SinkCheckpoint(bytes, version: version)
    }

    /// Reads a stored checkpoint.
    init(_ checkpoint: SinkCheckpoint) throws {
        let bytes = Array(checkpoint.bytes)
        let path = String(validating: bytes.dropFirst(9), as: UTF8.self)
        let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard checkpoint.version == Self.version, bytes.count > 9, let path, length <= UInt64(Int64.max) else {
            throw ConnectorError(
                .corruptOffsets,
                "the stored checkpoint (version \(checkpoint.version), \(bytes.count) bytes) is not one of a file output; "
                    + "the state was made by another sink: use the state directory of this one"
            )
        }
        self.init(length: Int64(length), format: bytes[8], path: path)
    }
}
