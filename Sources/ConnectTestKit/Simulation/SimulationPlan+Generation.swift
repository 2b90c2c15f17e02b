// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

extension SimulationPlan {
    /// The plan that follows from a seed.
    package init(seed: UInt64) {
        self.init(emptyWith: seed)
        var generator = SeededGenerator(seed: seed)
        source = SourceKind.allCases.randomElement(using: &generator) ?? .log
        sinks = [Sink(name: "sink", kind: Self.sinkKind(for: source, &generator))]
        partitions = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            entries(keepsUnits: source != .queue, &generator)
        }
        latency = Latency.allCases.randomElement(using: &generator) ?? .mixed
        isBounded = source.isGroup ? false : Bool.random(using: &generator)
        pollSize = [1, 3, 8, 30].randomElement(using: &generator) ?? 8
        options = Self.options(&generator)
        faults = faults(&generator)
        incidents = incidents(&generator)
    }

    private init(emptyWith seed: UInt64) {
        self.seed = seed
        schedule = seed
    }

    private static func sinkKind(for source: SourceKind, _ generator: inout SeededGenerator) -> SinkKind {
        switch source {
        case .log, .pruning: SinkKind.allCases.randomElement(using: &generator) ?? .plain
        case .storedGroup: Bool.random(using: &generator) ? .plain : .positionKeeping
        case .upstreamKept, .queue, .group: .plain
        }
    }

    private func entries(keepsUnits: Bool, _ generator: inout SeededGenerator) -> [Entry] {
        let count = Int.random(in: 0...Int.random(in: 1...40, using: &generator), using: &generator)
        let unit = keepsUnits ? [1, 1, 1, 2, 5, 12].randomElement(using: &generator) ?? 1 : 1
        let marks = keepsUnits ? [0, 0, 10, 40].randomElement(using: &generator) ?? 0 : 0
        let drops = [0, 0, 0, 15].randomElement(using: &generator) ?? 0
        var rest = 0
        var entries: [Entry] = (0..<count).map { _ in
            var entry = Entry(key: Int.random(in: 0..<3, using: &generator))
            if rest == 0 { rest = Int.random(in: 1...unit, using: &generator) }
            rest -= 1
            entry.endsUnit = rest == 0
            if Int.random(in: 0..<100, using: &generator) < drops { entry.fate = .drop }
            if entry.endsUnit, rest == 0, Int.random(in: 0..<100, using: &generator) < marks { entry.isMark = true }
            return entry
        }
        // A mark stands between units, so what comes before it ends one.
        for index in entries.indices where index > 0 && entries[index].isMark { entries[index - 1].endsUnit = true }
        if !entries.isEmpty { entries[entries.count - 1].endsUnit = true }
        return entries
    }

    private static func options(_ generator: inout SeededGenerator) -> DeliveryOptions {
        var options = DeliveryOptions()
        options.maxPollRecords = [1, 4, 20, 1000].randomElement(using: &generator) ?? 20
        options.maxInFlightRecords = [1, 5, 20, 1000].randomElement(using: &generator) ?? 20
        options.maxUncommittedRecords = [1, 6, 30, 10_000].randomElement(using: &generator) ?? 30
        options.commitInterval = .milliseconds([1, 20, 300, 5000].randomElement(using: &generator) ?? 20)
        options.maxUncommittedTime = .milliseconds([40, 2000, 60_000].randomElement(using: &generator) ?? 2000)
        options.drainDeadline = .milliseconds([0, 5, 500, 30_000].randomElement(using: &generator) ?? 500)
        return options
    }

    private func faults(_ generator: inout SeededGenerator) -> [SimulatedFault] {
        let count = max(0, Int.random(in: -3...9, using: &generator))
        let calls = faultyCalls
        return (0..<count).map { _ in
            let call = calls.randomElement(using: &generator) ?? .put
            let isOnce = [.sourceStart, .sinkStart, .claim, .restore, .positions, .release].contains(call)
            let number = Int.random(in: 0...Int.random(in: 0...(isOnce ? 4 : 40), using: &generator), using: &generator)
            let code = SimulatedFault.Code.allCases.randomElement(using: &generator) ?? .retryable
            return SimulatedFault(call: call, number: number, effect: Self.effect(of: call, &generator), code: code)
        }
    }

    private var faultyCalls: [SimulatedCall] {
        var calls: [SimulatedCall] = [.sourceStart, .poll, .poll, .sinkStart, .put, .put, .put, .flush, .flush]
        if needsStore { calls += [.claim, .save, .save, .release] }
        calls += source == .queue ? [.acknowledge, .acknowledge] : source == .log ? [] : [.commit, .commit]
        switch sinks.first?.kind {
        case .checkpointing: calls += [.checkpoint, .restore]
        case .positionKeeping: calls += [.positions, .put, .put]
        case .plain, nil: break
        }
        return calls
    }

    private static func effect(of call: SimulatedCall, _ generator: inout SeededGenerator) -> SimulatedFault.Effect {
        let index = Int.random(in: 0..<8, using: &generator)
        let delay = Duration.milliseconds([1, 50, 2000, 40_000].randomElement(using: &generator) ?? 1)
        let common: [SimulatedFault.Effect] = [.fail, .loseAnswer, .delay(delay)]
        let special: [SimulatedFault.Effect] =
            switch call {
            case .put:
                [
                    .partial(index), .retry(at: index, after: index.isMultiple(of: 2) ? delay : nil),
                    .notTried(from: index),
                ]
            case .flush: [.partial(index)]
            case .poll: [.rejectInput]
            default: []
            }
        return (common + special).randomElement(using: &generator) ?? .fail
    }

    private func incidents(_ generator: inout SeededGenerator) -> [Incident] {
        let count = max(0, Int.random(in: -2...5, using: &generator))
        var kinds: [Incident.Kind] = [.crash, .crash, .crash, .stop]
        if sinks.allSatisfy({ $0.kind != .checkpointing }) { kinds += [.takeOver] }
        if source.isGroup { kinds += [.revoke, .revoke, .lose, .lose] }
        return (0..<count).map { _ in
            let scale = [10, 60, 300, 1500].randomElement(using: &generator) ?? 60
            return Incident(
                kind: kinds.randomElement(using: &generator) ?? .crash,
                jobs: Int.random(in: 1...scale, using: &generator)
            )
        }
    }
}
