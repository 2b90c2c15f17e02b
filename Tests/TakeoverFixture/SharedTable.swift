// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// A sink that keeps rows and positions in one file, each put in one change of it.
struct SharedTable: PositionKeepingSink {
    let file: SharedFile
    let freezer: Freezer

    func positions(in scope: ClaimScope) async throws -> [StoredPosition] {
        try file.update { Header($0).position.map { [$0] } ?? [] }
    }

    func put(_ batch: RecordBatch, advancing advance: PositionAdvance) async throws -> PutResult {
        freezer.arrive(at: .put)
        try file.update { lines in
            var header = Header(lines)
            guard let step = advance.steps.first, advance.epoch.number >= header.epoch, step.expected == header.position
            else { throw ConnectorError(.fenced, "the table belongs to epoch \(header.epoch)") }
            header.epoch = advance.epoch.number
            header.position = step.new
            lines = header.lines + lines.dropFirst(2) + batch.map { "\($0.data.text ?? "") \(header.epoch)" }
        }
        return .delivered
    }

    func put(_ batch: RecordBatch) async throws -> PutResult {
        throw ConnectorError(.fatal, "the table was written without positions")
    }
}

/// A sink that cannot be fenced: it writes whatever it is given.
struct SharedList: Sink {
    let file: SharedFile
    let freezer: Freezer

    func put(_ batch: RecordBatch) async throws -> PutResult {
        freezer.arrive(at: .put)
        try file.update { lines in
            if lines.isEmpty { lines = Header([]).lines }
            lines += batch.map { "\($0.data.text ?? "") 0" }
        }
        return .delivered
    }

    func flush() async throws { freezer.arrive(at: .flush) }
}
