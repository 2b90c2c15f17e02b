// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Synchronization

/// Gives the producer to puts, and a new one after it has failed or was too slow; ends one that nobody uses any more.
final class ProducerLeases: Sendable {
    struct Lease: Sendable {
        let producer: KafkaProducer
        /// Whether no other put has it.
        fileprivate let isExclusive: Bool
        fileprivate let number: Int
        fileprivate let since: ConnectorClock.Instant
    }

    private struct State {
        var current: KafkaProducer?
        var nextNumber = 0
        var leases: [Int: Lease] = [:]

        func isUsed(_ producer: KafkaProducer) -> Bool { leases.values.contains { $0.producer === producer } }
    }

    private let make: @Sendable () throws -> KafkaProducer
    private let clock: ConnectorClock
    private let state = Mutex(State())

    init(clock: ConnectorClock, _ make: @escaping @Sendable () throws -> KafkaProducer) {
        self.clock = clock
        self.make = make
    }

    func take() throws -> Lease {
        try state.withLock { state in
            let producer = try state.current ?? make()
            state.current = producer
            return lease(producer, isExclusive: false, &state)
        }
    }

    /// Gives a put a producer of its own.
    func takeExclusively() throws -> Lease {
        let producer = try make()
        return state.withLock { lease(producer, isExclusive: true, &$0) }
    }

    private func lease(_ producer: KafkaProducer, isExclusive: Bool, _ state: inout State) -> Lease {
        state.nextNumber += 1
        let number = state.nextNumber
        let lease = Lease(producer: producer, isExclusive: isExclusive, number: number, since: clock.now)
        state.leases[number] = lease
        return lease
    }

    /// Ends a lease; a producer that has failed is given to nobody any more.
    func giveBack(_ lease: Lease) async {
        if lease.producer.fatalError != nil { retire(lease.producer) }
        let unused = state.withLock { state -> KafkaProducer? in
            state.leases[lease.number] = nil
            return lease.producer === state.current || state.isUsed(lease.producer) ? nil : lease.producer
        }
        await unused?.close()
    }

    /// The next put gets another one.
    private func retire(_ producer: KafkaProducer) {
        state.withLock { if $0.current === producer { $0.current = nil } }
    }

    /// Retires the producer where a put has waited for it longer than that, and gives up its messages.
    ///
    /// - Returns: whether it was so.
    func retireOverdue(_ timeout: Duration) async -> Bool {
        let now = clock.now
        let overdue = state.withLock { state -> KafkaProducer? in
            let lease = state.leases.values.first { lease in
                (lease.isExclusive || lease.producer === state.current) && now.since(lease.since) >= timeout
            }
            guard let lease else { return nil }
            if !lease.isExclusive { state.current = nil }
            return lease.producer
        }
        await overdue?.purge()
        return overdue != nil
    }

    /// Ends the producer; no put may be running.
    func close() async {
        await state.withLock { $0.current.take() }?.close()
    }
}
