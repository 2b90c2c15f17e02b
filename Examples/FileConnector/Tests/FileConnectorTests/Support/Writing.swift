// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

@testable import FileConnector

/// Records with these texts and ascending offsets.
func recordsOf(_ texts: [String], from first: Int64 = 1) -> [ConnectorRecord] {
    texts.enumerated().map { index, text in
        ConnectorRecord(.text(text), partition: RecordPartition("test"), offset: RecordOffset(first + Int64(index)))
    }
}

/// Records that lie in one buffer as a source cuts them.
func recordsCut(from text: String, separatedBy separator: Character = "\n") -> [ConnectorRecord] {
    let buffer = SharedBytes(utf8: text)
    var start = 0
    return text.split(separator: separator, omittingEmptySubsequences: false).enumerated().map { index, piece in
        defer { start += piece.utf8.count + 1 }
        let bytes = buffer.slice(start..<(start + piece.utf8.count))
        return ConnectorRecord(.bytes(bytes), offset: RecordOffset(Int64(index + 1)))
    }
}

extension FileSink {
    /// A sink that was started and restored.
    func ready(_ checkpoint: SinkCheckpoint? = nil) async throws -> FileSink {
        try await start(TestHost.context())
        try await restore(checkpoint)
        return self
    }

    func put(_ records: [ConnectorRecord]) async throws -> PutResult { try await put(RecordBatch(records)) }
}
