// SPDX-License-Identifier: Apache-2.0

/// Makes a failing plan smaller, one thing at a time, as long as it still fails.
struct SimulationShrinker {
    private var best: Simulation.Outcome
    private let guarantee: String
    /// So that shrinking ends where each run takes long.
    private var jobsLeft = 20_000_000
    private static let schedulesTried: UInt64 = 3

    init(_ outcome: Simulation.Outcome) {
        best = outcome
        guarantee = outcome.violation?.guarantee ?? ""
    }

    /// The smallest outcome found.
    func shortest() -> Simulation.Outcome {
        var shrinker = self
        while shrinker.pass(), shrinker.jobsLeft > 0 {}
        return shrinker.best
    }

    /// Tries every simplification once; whether one of them still fails.
    private mutating func pass() -> Bool {
        let size = best.plan.size
        let events = best.history.count
        dropAll()
        simplify()
        halve()
        return best.plan.size < size || best.history.count < events
    }

    private mutating func dropAll() {
        each({ $0.incidents.count }) { $0.incidents.remove(at: $1) }
        each({ $0.faults.count }) { $0.faults.remove(at: $1) }
        each({ $0.partitions.count }) { $0.partitions[$1] = [] }
        each({ $0.partitions.count }) { plan, index in
            guard plan.partitions[index].isEmpty, plan.partitions.count > 1 else { return }
            plan.partitions.remove(at: index)
        }
    }

    private mutating func simplify() {
        attempt { $0.latency = .none }
        attempt { $0.latency = .yields }
        attempt { $0.isBounded = true }
        dropSinks()
        each({ $0.partitions.count }) { plan, index in
            for number in plan.partitions[index].indices { plan.partitions[index][number] = SimulationPlan.Entry() }
        }
        each({ $0.incidents.count }) { $0.incidents[$1].jobs /= 2 }
    }

    /// One sink less, or a simpler one.
    private mutating func dropSinks() {
        attempt { plan in
            guard plan.sinks.count > 1 else { return }
            plan.sinks.removeLast()
            let left = plan.sinks.indices
            for partition in plan.partitions.indices {
                for number in plan.partitions[partition].indices {
                    let route = plan.partitions[partition][number].route?.filter(left.contains)
                    plan.partitions[partition][number].route = route == [] ? nil : route
                }
            }
        }
        each({ $0.sinks.count }) { plan, index in
            plan.sinks[index] = SimulationPlan.Sink(name: plan.sinks[index].name, kind: plan.sinks[index].kind)
        }
    }

    /// Fewer records: half of a partition, a quarter, down to one.
    private mutating func halve() {
        each({ $0.partitions.count }) { plan, index in
            plan.partitions[index] = Self.first(plan.partitions[index].count / 2, of: plan.partitions[index])
        }
        each({ $0.partitions.count }) { plan, index in
            plan.partitions[index] = Self.first(plan.partitions[index].count - 1, of: plan.partitions[index])
        }
    }

    private static func first(_ count: Int, of entries: [SimulationPlan.Entry]) -> [SimulationPlan.Entry] {
        var first = Array(entries.prefix(max(0, count)))
        if !first.isEmpty { first[first.count - 1].endsUnit = true }
        return first
    }

    private mutating func each(
        _ count: (SimulationPlan) -> Int,
        _ change: (inout SimulationPlan, Int) -> Void
    ) {
        var index = count(best.plan) - 1
        while index >= 0 {
            if index < count(best.plan) { attempt { change(&$0, index) } }
            index -= 1
        }
    }

    /// Keeps a change after which the same guarantee is violated, perhaps with another order of the awaits.
    private mutating func attempt(_ change: (inout SimulationPlan) -> Void) {
        var plan = best.plan
        change(&plan)
        guard plan.size < best.plan.size else { return }
        for schedule in 0..<Self.schedulesTried where jobsLeft > 0 {
            plan.schedule = best.plan.schedule &+ schedule
            let outcome = Simulation.run(plan)
            jobsLeft -= outcome.jobs + 100
            guard outcome.violation?.guarantee == guarantee else { continue }
            best = outcome
            return
        }
    }
}

extension SimulationPlan {
    /// How much there is to it: what is smaller is easier to understand.
    fileprivate var size: Int {
        let entries = partitions.joined().reduce(0) { sum, entry in
            sum + 4 + (entry.endsUnit ? 0 : 1) + (entry.isMark ? 1 : 0) + (entry.fate == .deliver ? 0 : 1)
                + (entry.key == 0 ? 0 : 1) + entry.parts - 1 + (entry.route == nil ? 0 : 1)
        }
        let jobs = incidents.reduce(0) { $0 + 100 + min($1.jobs, 90) }
        let sinks = sinks.reduce(0) {
            $0 + 20 + $1.maxConcurrentPuts + ($1.isOrdered ? 0 : 1) + ($1.preferredRecords == nil ? 0 : 1)
                + ($1.refusesBatches ? 1 : 0) + ($1.stopsAtRejected ? 1 : 0) + ($1.isDurableOnPut ? 1 : 0)
                + ($1.isPipelined ? 1 : 0)
        }
        let latencies: [Latency: Int] = [.none: 0, .yields: 2]
        return entries + jobs + sinks + faults.count * 50 + partitions.count * 10 + (latencies[latency] ?? 4)
            + (isBounded ? 0 : 1)
    }
}
