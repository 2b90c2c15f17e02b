// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// The pipelines of a runtime, and how far its life has come.
struct RuntimeState: Sendable {
    enum Phase: Sendable { case created, running, stopping, ended }

    var phase = Phase.created
    private var hasBegun = false
    /// In the order in which they were added.
    private(set) var supervisors: [PipelineSupervisor] = []
    /// Those that do not run yet.
    private var new: [PipelineSupervisor] = []

    mutating func add(_ supervisor: PipelineSupervisor) throws(ConnectorError) {
        guard !supervisors.contains(where: { $0.name == supervisor.name }) else {
            throw ConnectorError(
                .invalidConfiguration,
                "there is a pipeline \"\(supervisor.name)\" already; each needs a name of its own, under which its "
                    + "positions are stored"
            )
        }
        guard phase < .stopping else {
            throw ConnectorError(.invalidConfiguration, "the runtime is stopping, and takes no more pipelines")
        }
        supervisors.append(supervisor)
        new.append(supervisor)
    }

    mutating func remove(_ supervisor: PipelineSupervisor) {
        supervisors.removeAll { $0 === supervisor }
        new.removeAll { $0 === supervisor }
    }

    /// Begins the one run; it is over at once where a stop was asked for before.
    mutating func begin() throws(ConnectorError) {
        guard !hasBegun else {
            throw ConnectorError(.invalidConfiguration, "the runtime has been run already; make another one")
        }
        hasBegun = true
        phase = max(phase, .running)
    }

    mutating func takeNew() -> [PipelineSupervisor] {
        defer { new = [] }
        return new
    }

    /// Whether there is nothing left to run.
    func isOver(_ options: RuntimeOptions) -> Bool {
        guard phase == .running else { return true }
        return !options.staysWithoutWork && supervisors.allSatisfy(\.supervision.isDone)
    }

    /// Lets nothing more in; those that have to be told.
    mutating func close() -> [PipelineSupervisor] {
        phase = max(phase, .stopping)
        return supervisors
    }

    /// Throws what pipelines failed with that will not run again.
    func checkFailures() throws(ConnectorError) {
        let failures = supervisors.compactMap { supervisor -> (name: String, error: ConnectorError)? in
            let supervision = supervisor.supervision
            guard supervision.state == .failed, let error = supervision.lastError else { return nil }
            return (supervisor.name, error)
        }
        guard let first = failures.first else { return }
        let texts = failures.map { "\"\($0.name)\": \($0.error.message)" }.joined(separator: "; ")
        throw ConnectorError(
            first.error.code,
            "\(failures.count) of \(supervisors.count) pipelines failed: \(texts)",
            cause: first.error
        )
    }
}

extension RuntimeState.Phase: Comparable {}
