// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// Makes dead letters durable, in a store or through a sink.
struct LetterPost: Sendable {
    private enum Place: Sendable {
        case store(any DeadLetterStore)
        case sink(PlainWorker)
    }

    private let place: Place

    init(_ store: any DeadLetterStore) { place = .store(store) }

    init(_ sink: PlainWorker) { place = .sink(sink) }

    func append(_ letters: [DeadLetter]) async throws {
        switch place {
        case .store(let store):
            try await store.append(letters)
        case .sink(let worker):
            let result = try await worker.connector.put(RecordBatch(letters.map { try $0.asRecord }))
            guard result.isDelivered else {
                let error = result.exceptions.first?.verdict.error
                throw error ?? ConnectorError(.fatal, "the sink of the dead letters did not take all of them")
            }
            try await worker.connector.flush()
        }
    }

    func stop() async {
        if case .sink(let worker) = place { await worker.stop() }
    }
}

/// A sink outside the flow of records.
struct PlainWorker: ConnectorWorker {
    let name: String
    let connector: any Sink

    var hosted: any Connector { connector }
}
