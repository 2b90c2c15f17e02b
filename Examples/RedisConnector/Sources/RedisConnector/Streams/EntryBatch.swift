// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// Entries that are added in one step.
struct EntryBatch {
    /// So many, that the server is kept for a few milliseconds at most.
    static let mostRecords = 1000
    static let mostBytes = 8 << 20

    private let records: RecordBatch
    /// The index of each entry's record.
    private var indices: [Int] = []
    /// What the server is sent for them.
    private var commands = RedisCommands()
    /// What is in the way of a transaction: records of one lane may go to several streams.
    private let isScripted: Bool
    private var arguments: [SharedBytes] = []
    /// The lanes by a number that the script can tell them by.
    private var lanes: [RecordLane: Int] = [:]
    private var size = 0

    var isEmpty: Bool { indices.isEmpty }

    /// Takes records from an index on, as many as may travel together.
    init(
        _ records: RecordBatch,
        _ next: inout Int,
        _ stream: StreamName,
        _ options: RedisStreamSinkOptions,
        _ encoder: EntryEncoder,
        _ progress: inout PutProgress
    ) {
        self.records = records
        isScripted = !stream.isFixedByPartition
        let constant = stream.constant
        let length = options.maxLength?.words ?? []
        if isScripted { arguments = EntryScript.head(length) } else { commands.add(["MULTI"]) }
        while next < records.count, indices.count < Self.mostRecords, size < Self.mostBytes {
            defer { next += 1 }
            guard progress.isOpen(next) else {
                progress.skip(next)
                continue
            }
            do {
                let record = records[next]
                let name = try constant ?? stream.name(for: record)
                add(try encoder.words(of: record), to: name, length, next)
            } catch {
                let flaw =
                    error as? ConnectorError ?? ConnectorError(.invalidRecord, "no entry can be made", cause: error)
                progress.fail(next, .reject(flaw))
            }
        }
        if !isScripted { commands.add(["EXEC"]) }
    }

    private mutating func add(_ words: [SharedBytes], to stream: String, _ length: [String], _ index: Int) {
        indices.append(index)
        size += words.reduce(0) { $0 + $1.count }
        if isScripted {
            arguments += EntryScript.entry(words, to: stream, lane: lane(index))
            return
        }
        commands.begin(3 + length.count + words.count)
        commands.add("XADD")
        commands.add(stream)
        for word in length { commands.add(word) }
        commands.add("*")
        for word in words { commands.add(word) }
    }

    private mutating func lane(_ index: Int) -> String {
        let lane = records.lane(at: index)
        let number = lanes[lane] ?? lanes.count
        lanes[lane] = number
        return String(number)
    }

    // MARK: Writing

    /// Adds the entries, and notes what became of each.
    func write(over link: RedisLink, _ progress: inout PutProgress) async throws {
        let outcomes = try await outcomes(link)
        for (index, outcome) in zip(indices, outcomes) {
            switch outcome {
            case .added: break
            case .skipped: progress.skip(index)
            case .failed(let error):
                var error = error.refusal(Self.task)
                error.position = records[index].position
                progress.fail(index, .reject(error))
            }
        }
    }

    enum Outcome {
        case added, skipped
        case failed(ServerError)
    }

    static let task = "adding entries"

    private func outcomes(_ link: RedisLink) async throws -> [Outcome] {
        do {
            return try await isScripted ? runScript(link) : runTransaction(link)
        } catch let error as ConnectorError where error.code == .notConnected {
            // A server that has become a replica keeps its connections.
            await link.drop()
            throw error
        }
    }

    private func runTransaction(_ link: RedisLink) async throws -> [Outcome] {
        let replies = try await link.run(commands, Self.task)
        guard let last = replies.count > 0 ? replies[replies.count - 1] : nil else { return [] }
        // What is refused before the transaction begins refuses all of it.
        if let error = replies.firstError { throw error.error(Self.task) }
        let results = last.elements
        guard results.count == indices.count else {
            throw ConnectorError(
                .fatal,
                "\(Self.task): the server carried out \(results.count) of \(indices.count) commands"
            )
        }
        let outcomes = results.map { result in result.error.map { Outcome.failed($0) } ?? .added }
        try Self.expectRoom(outcomes)
        return outcomes
    }

    private func runScript(_ link: RedisLink) async throws -> [Outcome] {
        let reply = try await EntryScript.script.run(over: link, [], arguments, Self.task)
        var outcomes = [Outcome](repeating: .added, count: indices.count)
        for element in reply.elements {
            let parts = element.elements
            guard parts.count == 2, let place = parts[0].integer, outcomes.indices.contains(place - 1),
                let text = parts[1].text
            else { throw ConnectorError(.fatal, "\(Self.task): the server's answer to the script cannot be read") }
            outcomes[place - 1] = text.isEmpty ? .skipped : .failed(ServerError(text))
        }
        try Self.expectRoom(outcomes)
        return outcomes
    }

    /// Where there was no room, or no right, there was none for any of them.
    private static func expectRoom(_ outcomes: [Outcome]) throws {
        guard case .failed(let error)? = outcomes.first else { return }
        if error.isThrottling || error.isOutage || error.isCommandRefused { throw error.error(task) }
    }
}

extension ServerError {
    /// What it means for the record that was to be added.
    fileprivate func refusal(_ task: String) -> ConnectorError {
        var error = error(task)
        if isThrottling { return error }
        error.code = .invalidRecord
        return error
    }
}
