// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes dead letters durable, in a store or through a sink.
struct LetterPost: Sendable {
    private enum Place: Sendable {
        case store(any DeadLetterStore)
        case sink(LetterSink)
    }

    private let place: Place

    init(_ store: any DeadLetterStore) { place = .store(store) }

    init(_ sink: LetterSink) { place = .sink(sink) }

    func append(_ letters: [DeadLetter]) async throws {
        switch place {
        case .store(let store): try await store.append(letters)
        case .sink(let sink): try await sink.append(letters)
        }
    }

    func stop() async {
        if case .sink(let sink) = place { await sink.stop() }
    }
}

/// A sink outside the flow of records, which takes dead letters.
struct LetterSink: ConnectorWorker {
    let name: String
    let connector: any Sink
    private let condition = SinkCondition()

    init(name: String, connector: any Sink) {
        self.name = name
        self.connector = connector
    }

    var hosted: any Connector { connector }

    /// Puts the letters and makes them durable; all of them are put again where that fails.
    func append(_ letters: [DeadLetter]) async throws {
        if condition.need.isDisconnected, let sink = connector as? any Reconnecting { try await sink.reconnect() }
        condition.noteRecovered()
        do {
            let result = try await connector.put(RecordBatch(letters.map { try $0.asRecord }))
            if let refusal = Self.refusal(result) { throw refusal }
            try await connector.flush()
        } catch {
            condition.note(error, isCutBack: false)
            throw error
        }
    }

    /// What verdicts come to for the batch: a failure for good where there is one, else one that may pass.
    private static func refusal(_ result: PutResult) -> ConnectorError? {
        guard !result.isDelivered else { return nil }
        let verdicts = result.exceptions.map(\.verdict)
        if let final = verdicts.first(where: { $0.kind == .reject || $0.kind == .drop }) {
            return final.error ?? ConnectorError(.fatal, "the sink of the dead letters did not take all of them")
        }
        guard let verdict = verdicts.first(where: { $0.kind == .retry }) ?? verdicts.first else { return nil }
        var error =
            verdict.error ?? ConnectorError(.retryable, "the sink of the dead letters did not accept all of them")
        if !error.isPassing { error.code = .retryable }
        if let delay = verdicts.compactMap(\.delay).max() { error.retryAfter = max(error.retryAfter ?? .zero, delay) }
        return error
    }
}
