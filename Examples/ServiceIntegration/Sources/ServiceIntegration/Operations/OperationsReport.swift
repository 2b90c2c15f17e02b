// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectRuntimeKit
import OpenConnect

/// What the server tells of pipelines, as JSON.
struct OperationsReport {
    let health: RuntimeHealth
    let redaction: SecretRedaction

    /// Whether every pipeline does what is wanted of it, and the runtime is not being stopped.
    var isReady: Bool { health.isReady }

    /// Whether a restart of the process would mend nothing: no call hangs.
    ///
    /// A call that does not return cannot be ended in any other way. A pipeline that fails is run again by the runtime, or
    /// has failed for good because of what a new process finds unchanged; its neighbours are not to suffer for it.
    var isAlive: Bool { health.pipelines.allSatisfy(\.stalledCalls.isEmpty) }

    /// The level, the problems, and the state of each pipeline.
    func summary(status: String) -> StructuredValue {
        .members([
            ("status", .string(status)),
            ("level", .string(health.level.description)),
            ("problems", .array(health.problems.map { .string(redaction.redact($0)) })),
            (
                "pipelines",
                .array(
                    health.pipelines.map { pipeline in
                        .members([
                            ("name", .string(pipeline.pipeline)),
                            ("state", .string(pipeline.status.state.description)),
                            ("level", .string(pipeline.level.description)),
                        ])
                    }
                )
            ),
        ])
    }

    /// Everything that is known of each pipeline.
    var pipelines: StructuredValue {
        .members([("pipelines", .array(health.pipelines.map { describe($0) }))])
    }

    private func describe(_ pipeline: PipelineHealth) -> StructuredValue {
        .members([
            ("name", .string(pipeline.pipeline)),
            ("state", .string(pipeline.status.state.description)),
            ("level", .string(pipeline.level.description)),
            ("standby", .boolean(pipeline.isStandby)),
            ("restarts", .integer(Int64(pipeline.restarts))),
            ("counts", Self.counts(pipeline.status.counts)),
            ("calls", .array(pipeline.status.calls.map { .string($0.description) })),
            ("stalledCalls", .array(pipeline.stalledCalls.map { .string($0.description) })),
            ("lastError", pipeline.lastError.map { error($0) } ?? .null),
        ])
    }

    private static func counts(_ counts: DeliveryCounts) -> StructuredValue {
        let figures = [
            ("polled", counts.polled), ("delivered", counts.delivered), ("filtered", counts.filtered),
            ("deadLettered", counts.deadLettered), ("dropped", counts.dropped), ("lost", counts.lost),
            ("inFlight", counts.inFlight), ("committed", counts.committed), ("retried", counts.retried),
            ("deliveredBytes", counts.deliveredBytes),
        ]
        return .members(figures.map { ($0.0, .integer(Int64($0.1))) })
    }

    private func error(_ error: ConnectorError) -> StructuredValue {
        .members([
            ("code", .string(error.code.description)), ("message", .string(redaction.redact(error.message))),
        ])
    }
}

extension StructuredValue {
    /// An object with these members.
    fileprivate static func members(_ members: [(String, StructuredValue)]) -> StructuredValue {
        .object(StructuredObject(members))
    }
}
