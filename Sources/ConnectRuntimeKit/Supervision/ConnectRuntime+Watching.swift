// SPDX-License-Identifier: Apache-2.0

import OpenConnect

extension ConnectRuntime {
    /// How the pipelines are, each and together.
    public var health: RuntimeHealth {
        let (supervisors, isStopping) = state.withLock { ($0.supervisors, $0.phase >= .stopping) }
        return RuntimeHealth(pipelines: supervisors.map(\.health), isStopping: isStopping)
    }

    /// How one pipeline is.
    ///
    /// - Throws: ``/OpenConnect/ConnectorError`` with the code `invalidConfiguration` when there is none of that name.
    public func health(of name: String) throws -> PipelineHealth { try supervisor(name).health }

    /// The metrics of all pipelines, as they are now.
    public var metrics: RuntimeMetrics {
        RuntimeMetrics(time: .now, pipelines: state.withLock(\.supervisors).map(\.metrics))
    }

    // MARK: Beside the pipelines

    /// Looks at intervals for calls that do not return.
    func lookForStalls() async {
        let interval = StallWatch.interval(for: options.stallLimit)
        while (try? await setting.clock.sleep(for: interval)) != nil {
            for supervisor in state.withLock(\.supervisors) { supervisor.lookForStalls() }
        }
    }

    /// Gives the metrics to the observer at intervals, and once more at the end.
    func exportMetrics() async {
        guard let interval = options.metricsInterval else { return }
        while (try? await setting.clock.sleep(for: interval)) != nil { setting.observer.observe(metrics) }
        setting.observer.observe(metrics)
    }

    /// Tells after a stop which pipelines do not end.
    func tellOverdue() async {
        await stopSignal.wait()
        guard (try? await setting.clock.sleep(for: options.stopDeadline)) != nil else { return }
        for supervisor in state.withLock(\.supervisors) { supervisor.tellOverdue(after: options.stopDeadline) }
    }
}
