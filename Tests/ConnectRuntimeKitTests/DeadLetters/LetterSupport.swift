// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import OpenConnectFiles

@testable import ConnectRuntimeKit

extension DeadLetter {
    /// A letter whose text tells it from others.
    static func text(
        _ text: String,
        partition: RecordPartition = .single,
        offset: Int64 = 0,
        stage: Stage = .put,
        sink: String? = "sink",
        parts: [Int] = [0],
        pipeline: String = "orders",
        code: ConnectorError.Code = .invalidRecord
    ) -> DeadLetter {
        DeadLetter(
            record: ConnectorRecord(.text(text), partition: partition, offset: RecordOffset(offset)),
            pipeline: pipeline,
            connector: "test",
            stage: stage,
            sink: sink,
            parts: parts,
            error: ConnectorError(code, "no"),
            attempts: 1,
            firstFailure: RecordTimestamp(nanosecondsSince1970: 1_767_323_045_123_456_789),
            lastFailure: RecordTimestamp(nanosecondsSince1970: 1_767_323_045_123_456_789)
        )
    }

    /// The text of its record.
    var text: String { record.data.text ?? "" }
}

extension DeadLetterStore {
    /// The texts of all letters, page by page.
    func texts(page: Int = 7) async throws -> [String] { try await all(page: page).map(\.letter.text) }

    /// All letters, page by page.
    func all(page: Int = 7) async throws -> [StoredDeadLetter] {
        var letters: [StoredDeadLetter] = []
        while case let next = try await read(after: letters.last?.key, atMost: page), !next.isEmpty { letters += next }
        return letters
    }
}

/// The stores that have to behave alike.
enum LetterStoreKind: CaseIterable, Sendable {
    case memory, file

    /// Runs a test with a new store of this kind.
    func withStore(_ body: (any DeadLetterStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(InMemoryDeadLetterStore())
        case .file:
            try await withTemporaryDirectory { try await body(FileDeadLetterStore(path: $0 + "/state/dead.jsonl")) }
        }
    }
}

/// The texts in a file, opened anew.
func reopenedLetters(_ path: String) async throws -> [String] {
    let store = FileDeadLetterStore(path: path)
    let texts = try await store.texts()
    await store.close()
    return texts
}

/// Writes a file.
func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    let file = try FileDescriptor(path, [.writing, .creating, .truncating])
    try file.write(Array(bytes))
}
