// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

extension SimulationPlan {
    /// The plan that follows from a seed.
    package init(seed: UInt64) {
        self.init(emptyWith: seed)
        var generator = SeededGenerator(seed: seed)
        source = SourceKind.allCases.randomElement(using: &generator) ?? .log
        sinks = Self.sinks(for: source, &generator)
        options = Self.options(&generator)
        hasKeyLanes = sinks.allSatisfy { $0.kind == .plain } && Int.random(in: 0..<4, using: &generator) == 0
        options.lanes = hasKeyLanes ? .partitionAndKey : .partition
        leavesOutHeldBack = Bool.random(using: &generator)
        partitions = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            entries(keepsUnits: source != .queue, &generator)
        }
        latency = Latency.allCases.randomElement(using: &generator) ?? .mixed
        isBounded = source.isGroup ? false : Bool.random(using: &generator)
        pollSize = [1, 3, 8, 30].randomElement(using: &generator) ?? 8
        addFates(&generator)
        faults = faults(&generator)
        incidents = incidents(&generator)
        chooseDurableSinks()
        choosePipelinedSinks()
    }

    private init(emptyWith seed: UInt64) {
        self.seed = seed
        schedule = seed
    }

    /// Which sinks need no flush, by draws of their own: the other draws of a seed do not depend on it.
    private mutating func chooseDurableSinks() {
        var generator = SeededGenerator(seed: seed ^ 0xD0_2AB1E)
        for index in sinks.indices where sinks[index].kind == .plain {
            sinks[index].isDurableOnPut = Int.random(in: 0..<4, using: &generator) == 0
        }
    }

    private mutating func choosePipelinedSinks() {
        var generator = SeededGenerator(seed: seed ^ 0x919E_11AE)
        for index in sinks.indices where sinks[index].kind == .plain && sinks[index].maxConcurrentPuts == 1 {
            sinks[index].isPipelined = Bool.random(using: &generator)
        }
    }

    private static func sinks(for source: SourceKind, _ generator: inout SeededGenerator) -> [Sink] {
        let first = sink("sink", sinkKind(for: source, &generator), &generator)
        let count = [1, 1, 1, 2, 2, 3].randomElement(using: &generator) ?? 1
        guard first.kind != .positionKeeping else { return [first] }
        let canCheck = !source.isGroup
        return [first]
            + (1..<count).map { number in
                let kind: SinkKind = canCheck && Bool.random(using: &generator) ? .checkpointing : .plain
                return sink("sink \(number + 1)", kind, &generator)
            }
    }

    private static func sink(_ name: String, _ kind: SinkKind, _ generator: inout SeededGenerator) -> Sink {
        var sink = Sink(name: name, kind: kind)
        if kind == .plain {
            sink.maxConcurrentPuts = [1, 1, 1, 2, 4].randomElement(using: &generator) ?? 1
            sink.isOrdered = Int.random(in: 0..<5, using: &generator) > 0
        }
        sink.preferredRecords = [nil, nil, 1, 5].randomElement(using: &generator) ?? nil
        sink.refusesBatches = Int.random(in: 0..<4, using: &generator) == 0
        sink.stopsAtRejected = Bool.random(using: &generator)
        return sink
    }

    private static func sinkKind(for source: SourceKind, _ generator: inout SeededGenerator) -> SinkKind {
        switch source {
        case .log, .pruning: SinkKind.allCases.randomElement(using: &generator) ?? .plain
        case .storedGroup: Bool.random(using: &generator) ? .plain : .positionKeeping
        case .upstreamKept, .queue: Int.random(in: 0..<4, using: &generator) == 0 ? .checkpointing : .plain
        case .group: .plain
        }
    }

    /// What functions and sinks make of the records.
    private mutating func addFates(_ generator: inout SeededGenerator) {
        let bad = options.onError == .stop ? 0 : [0, 5, 20].randomElement(using: &generator) ?? 0
        let hasFunctions = Int.random(in: 0..<3, using: &generator) == 0
        let routes = sinks.count > 1 && Bool.random(using: &generator)
        for partition in partitions.indices {
            for number in partitions[partition].indices where !partitions[partition][number].isMark {
                var entry = partitions[partition][number]
                if Int.random(in: 0..<100, using: &generator) < bad { entry.fate = .reject }
                if hasFunctions {
                    let draw = Int.random(in: 0..<100, using: &generator)
                    if draw < 15 { entry.fate = .filter } else if draw < 15 + bad { entry.fate = .fail }
                    if Int.random(in: 0..<4, using: &generator) == 0 {
                        entry.parts = Int.random(in: 2...4, using: &generator)
                    }
                    if routes, Bool.random(using: &generator) {
                        entry.route = sinks.indices.filter { _ in Bool.random(using: &generator) }
                        if entry.route == [] { entry.route = [0] }
                    }
                }
                partitions[partition][number] = entry
            }
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
        options.retry = RetryPolicy(
            firstDelay: .milliseconds([1, 10, 100].randomElement(using: &generator) ?? 1),
            maxDelay: .milliseconds([10, 1000, 30_000].randomElement(using: &generator) ?? 10),
            maxAttempts: [1, 2, 3, 10, nil].randomElement(using: &generator) ?? nil
        )
        options.outage.maxAttempts = [1, 3, nil, nil].randomElement(using: &generator) ?? nil
        options.laneShare = [0, 0.25, 1].randomElement(using: &generator) ?? 0.25
        options.onError = [.stop, .stop, .deadLetter, .deadLetter, .drop].randomElement(using: &generator) ?? .stop
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
        if sinks.contains(where: { $0.kind == .checkpointing }) { calls += [.checkpoint, .restore] }
        if sinks.contains(where: { $0.kind == .positionKeeping }) { calls += [.positions, .put, .put] }
        if options.onError == .deadLetter { calls += [.append, .append] }
        if hasFunction { calls += [.function, .function] }
        return calls
    }

    private static func effect(of call: SimulatedCall, _ generator: inout SeededGenerator) -> SimulatedFault.Effect {
        let index = Int.random(in: 0..<8, using: &generator)
        let delay = Duration.milliseconds([1, 50, 2000, 40_000].randomElement(using: &generator) ?? 1)
        // A function has no effect that could be there without its answer.
        let common: [SimulatedFault.Effect] =
            call == .function ? [.fail, .delay(delay)] : [.fail, .loseAnswer, .delay(delay)]
        let special: [SimulatedFault.Effect] =
            switch call {
            case .put:
                [
                    .partial(index), .retry(at: index, after: index.isMultiple(of: 2) ? delay : nil),
                    .notTried(from: index),
                ]
            case .flush, .append: [.partial(index)]
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
