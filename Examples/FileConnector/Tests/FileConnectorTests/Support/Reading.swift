// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

@testable import FileConnector

/// What a source gave until its end, or until the script of its clock ended.
struct Reading {
    var lines: [String] = []
    var records: [ConnectorRecord] = []
    var rejected: [RejectedInput] = []
    var progress: [RecordPosition] = []
    var batches: [SourceBatch] = []

    /// The position behind each record, in order.
    var positions: [RecordPosition] { records.compactMap(\.position) }

    /// The newest position, as a runner that has committed everything keeps it.
    private(set) var last: RecordPosition?
    /// The positions without a record, each with the number of records before it.
    private(set) var marks: [(index: Int, position: RecordPosition)] = []

    mutating func add(_ batch: SourceBatch) {
        lines += batch.records.map { String(decodingUTF8: $0.data.bytes) }
        records += batch.records
        rejected += batch.rejected
        progress += batch.progress
        marks += batch.progress.map { (records.count, $0) }
        last = batch.progress.last ?? batch.records.last?.position ?? last
        batches.append(batch)
    }
}

/// Starts a source, and reads until it ends.
func read(
    _ paths: [String],
    _ options: FileSource.Options = .init(),
    from stored: [RecordPosition] = [],
    maxRecords: Int = 1000,
    maxBytes: Int = .max,
    while steps: [ScriptedClock.Step] = []
) async throws -> Reading {
    let source = FileSource(paths: paths, options: options)
    var reading = Reading()
    try await source.start(TestHost.context(stored, clock: ConnectorClock(ScriptedClock(steps))))
    do {
        while true {
            let batch = try await source.poll(PollRequest(maxRecords: maxRecords, maxBytes: maxBytes))
            reading.add(batch)
            if batch.isEnd { break }
        }
    } catch is ScriptedClock.End {}
    await source.stop()
    return reading
}

/// Reads what follows a stored position of the one file.
func read(
    _ path: String,
    _ options: FileSource.Options = .init(),
    from stored: RecordPosition? = nil,
    while steps: [ScriptedClock.Step] = []
) async throws -> Reading {
    try await read([path], options, from: stored.map { [$0] } ?? [], while: steps)
}

/// The lines of a text, as the source is meant to cut them.
func linesOf(_ text: [UInt8]) -> [[UInt8]] {
    var lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    if lines.last == [] { lines.removeLast() }
    return lines
}

/// A small generator with a seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// The error that an operation throws, if it is one of a connector.
func connectorError(_ operation: () async throws -> Void) async -> ConnectorError? {
    do {
        try await operation()
        return nil
    } catch {
        return error as? ConnectorError
    }
}
