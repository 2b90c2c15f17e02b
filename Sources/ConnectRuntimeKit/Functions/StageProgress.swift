// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// How far the functions have come with a batch, and what they have made of it.
struct StageProgress {
    let input: PolledInput
    private let sinks: [String]
    /// Whether it counts where a unit is over.
    private let keepsUnits: Bool
    private var staged: StagedShipment
    private var parts: [StagedShipment.Part]
    /// The place of the record that is next.
    private(set) var index = 0

    init(_ input: PolledInput, of batch: SourceBatch, sinks: [String], keepsUnits: Bool) {
        self.input = input
        self.sinks = sinks
        self.keepsUnits = keepsUnits
        staged = StagedShipment(polled: input.records, of: batch)
        parts = sinks.indices.map { StagedShipment.Part(sink: $0, records: [], origins: []) }
    }

    /// The record that is next, or `nil` at the end.
    var next: ConnectorRecord? { index < input.records.count ? input.records[index] : nil }

    /// Why it was rejected by the source, if it was.
    var rejection: ConnectorError? { input.rejections.isEmpty ? nil : input.rejections[index] }

    /// Takes what the functions made of the next record.
    mutating func add(_ made: FunctionResult.Storage) {
        switch made {
        case .one(let record): add(record, endsUnit: input.records[index].hasOffset)
        case .parts(let made): add(made, endsUnit: input.records[index].hasOffset)
        }
    }

    /// The record that is next, or `nil` at the end and where the source rejected it.
    @inline(__always)
    var nextAccepted: ConnectorRecord? { rejection == nil ? next : nil }

    /// Takes the next record, which is as it was polled.
    @inline(__always)
    mutating func addUnchanged(_ record: consuming ConnectorRecord) {
        let endsUnit = record.hasOffset
        add(record, endsUnit: endsUnit)
    }

    /// Leaves out the next record.
    @inline(__always)
    mutating func addFiltered() {
        staged.filtered.append(index)
        if keepsUnits { endUnit() }
        index += 1
    }

    /// Has every sink see that the unit is over, where the next record ends one.
    @inline(never)
    private mutating func endUnit() {
        let record = input.records[index]
        guard record.hasOffset else { return }
        for sink in parts.indices { parts[sink].endUnit(of: record.partition, in: input.records) }
    }

    @inline(__always)
    private mutating func add(_ record: ConnectorRecord, endsUnit: Bool) {
        let origin = Parcel.Origin(index: Int32(index), part: 0, endsUnit: endsUnit)
        for sink in parts.indices { parts[sink].add(record, origin) }
        index += 1
    }

    /// Takes note that nothing could be made of the next record.
    mutating func add(_ failure: StagedShipment.Failure) {
        staged.failures.append(failure)
        index += 1
    }

    @inline(never)
    private mutating func add(_ made: [FunctionResult.Part], endsUnit: Bool) {
        var isMeantForAny = false
        for number in made.indices {
            let part = made.part(number)
            let origin = Parcel.Origin(
                index: Int32(index),
                part: Int32(number),
                endsUnit: endsUnit && number == made.count - 1
            )
            for sink in sinks.indices where part.sinks?.contains(sinks[sink]) ?? true {
                isMeantForAny = true
                parts[sink].add(part.record, origin)
            }
        }
        if !isMeantForAny { staged.filtered.append(index) }
        if keepsUnits { endUnit() }
        index += 1
    }

    /// The whole batch.
    var finished: StagedShipment {
        var whole = staged
        whole.parts = parts.filter { !$0.records.isEmpty }
        return whole
    }

    /// What came of the records before an index.
    func before(_ end: Int, quiet: Duration?) -> StagedShipment {
        var before = StagedShipment(polled: Array(input.records[..<end]), of: SourceBatch(quiet: quiet))
        before.filtered = staged.filtered.filter { $0 < end }
        before.parts = parts.map { $0.prefix(beforeIndex: end) }.filter { !$0.records.isEmpty }
        return before
    }
}
