// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectRuntime {
    /// How the pipelines are, each and together.
    public var health: RuntimeHealth {
        RuntimeHealth(pipelines: state.withLock(\.supervisors).map(\.health))
    }

    /// How one pipeline is.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` when there is none of that name.
    public func health(of name: String) throws -> PipelineHealth { try supervisor(name).health }

    // MARK: Beside the pipelines

    /// Looks at intervals for calls that do not return.
    func lookForStalls() async {
        let interval = StallWatch.interval(for: options.stallLimit)
        while (try? await setting.clock.sleep(for: interval)) != nil {
            for supervisor in state.withLock(\.supervisors) { supervisor.lookForStalls() }
        }
    }

    /// Tells after a stop which pipelines do not end.
    func tellOverdue() async {
        await stopSignal.wait()
        guard (try? await setting.clock.sleep(for: options.stopDeadline)) != nil else { return }
        for supervisor in state.withLock(\.supervisors) { supervisor.tellOverdue(after: options.stopDeadline) }
    }
}
