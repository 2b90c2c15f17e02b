// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the state machine measures where somebody is interested.
struct DeliveryMeter: Sendable {
    var pollSizes = MetricHistogram(.sizes)
    var latency = MetricHistogram(.durations)
    /// When the oldest batch was polled that was settled since the last commit was noted.
    var oldestSettled: ConnectorClock.Instant?
    /// When the batch was polled that the source's task puts, where it would be the oldest.
    var inlinePolled: ConnectorClock.Instant?
    /// When what is being committed became durable.
    var durable: ConnectorClock.Instant?

    mutating func noteSettled(_ polled: ConnectorClock.Instant?) {
        guard let polled else { return }
        oldestSettled = min(oldestSettled ?? polled, polled)
    }
}

extension HandOverState {
    // MARK: Measuring

    /// Notes a batch that the source's task puts itself.
    @inline(__always)
    mutating func meterInline(_ count: Int) {
        guard let oldest = meter.map(\.oldestSettled) else { return }
        meter?.pollSizes.record(Int64(count))
        desks[0].meter?.putSizes.record(Int64(count))
        // A clock is read for the first batch after a commit, and no other.
        let now = oldest == nil ? clock.now : nil
        meter?.inlinePolled = now
    }

    @inline(__always)
    mutating func meterInlineSettled() {
        guard let polled = meter?.inlinePolled else { return }
        meter?.noteSettled(polled)
    }

    /// The instant of the poll for a batch that goes through the queue.
    mutating func meterPolled(_ count: Int) -> ConnectorClock.Instant? {
        guard meter != nil else { return nil }
        meter?.pollSizes.record(Int64(count))
        return clock.now
    }

    /// Takes over what the lease has counted.
    mutating func meterLease(_ lease: TurnLease) {
        guard meter != nil else { return }
        lease.drainSizes { counts, total in
            meter?.pollSizes.add(counts, total: total)
            desks[0].meter?.putSizes.add(counts, total: total)
        }
    }

    /// The store has saved what is being committed.
    mutating func noteDurable() {
        guard meter != nil, !traits.reportsCommit else { return }
        let now = clock.now
        meter?.durable = now
    }

    mutating func meterCommitted(_ set: CommitSet) {
        let now = clock.now
        lastCommit = now
        guard let oldest = set.oldestPoll else { return }
        let durable = meter?.durable ?? now
        meter?.latency.record(durable.since(oldest))
        meter?.durable = nil
    }

    // MARK: Reading

    /// What was counted and measured here.
    var reading: MeterReading {
        var reading = MeterReading()
        reading.counts = ledger.counts
        reading.rateLimitedTime = rateLimitedTime
        reading.pollSizes = meter?.pollSizes ?? reading.pollSizes
        reading.latency = meter?.latency ?? reading.latency
        reading.sinks = desks.map { desk in
            var sink = desk.meter ?? MeterReading.SinkReading()
            sink.accepted = desk.accepted
            return sink
        }
        return reading
    }

    var gauges: MeterGauges {
        var gauges = MeterGauges()
        for charge in [shipments.charge, backlog.charge, gathered, Charge(of: inlineRecords)] {
            gauges.inFlight += charge
        }
        gauges.uncommitted.records = ledger.uncommittedRecords
        gauges.uncommitted.bytes = ledger.uncommittedBytes
        gauges.heldBackPartitions = heldBackPartitions.count
        gauges.lastCommit = lastCommit
        return gauges
    }
}
