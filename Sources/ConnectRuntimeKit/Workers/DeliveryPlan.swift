// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// What the make-up of a pipeline allows: checked before anything is claimed or started.
struct DeliveryPlan: Sendable {
    let guarantee: DeliveryGuarantee
    /// Why it is not exactly once.
    let reasons: [String]

    init(_ pipeline: Pipeline, source: SourceTraits, sinks: [(name: String, sink: any Sink)]) throws {
        try Self.check(pipeline, sinks)
        reasons = Self.reasonsAgainstExactlyOnce(pipeline, source, sinks)
        if pipeline.options.guarantee == .exactlyOnce, !reasons.isEmpty {
            throw ConnectorError(
                .invalidConfiguration,
                "the pipeline \"\(pipeline.name)\" cannot deliver exactly once: \(reasons.joined(separator: "; "))"
            )
        }
        let isExact = reasons.isEmpty && pipeline.options.guarantee != .atLeastOnce
        guarantee = isExact ? .exactlyOnce : .atLeastOnce
    }

    private static func check(_ pipeline: Pipeline, _ sinks: [(name: String, sink: any Sink)]) throws {
        let name = "the pipeline \"\(pipeline.name)\""
        guard !sinks.isEmpty else { throw ConnectorError(.invalidConfiguration, "\(name) has no sink; give it one") }
        guard Set(sinks.map(\.name)).count == sinks.count else {
            throw ConnectorError(.invalidConfiguration, "two sinks of \(name) have the same name; give each its own")
        }
        guard pipeline.options.onError.action != .deadLetter || pipeline.deadLetters != nil else {
            throw ConnectorError(
                .invalidConfiguration,
                "\(name) is to send bad records to dead letters, but has none: pass `deadLetters:`"
            )
        }
        if let defect = pipeline.options.defect {
            throw ConnectorError(.invalidConfiguration, "\(name): \(defect)")
        }
        let names = sinks.map(\.name)
        for function in pipeline.functions {
            guard let unknown = (function as? any SinkChoosing)?.chosenSinks.first(where: { !names.contains($0) })
            else {
                continue
            }
            throw ConnectorError(
                .invalidConfiguration,
                "a function of \(name) routes to the sink \"\(unknown)\", but there is only "
                    + names.joined(separator: ", ")
            )
        }
        guard sinks.count == 1 || !sinks.contains(where: { $0.sink is any PositionKeepingSink }) else {
            throw ConnectorError(
                .invalidConfiguration,
                "a sink of \(name) keeps the positions in its own transactions, which says nothing about the other sinks; "
                    + "give it a pipeline of its own"
            )
        }
    }

    private static func reasonsAgainstExactlyOnce(
        _ pipeline: Pipeline,
        _ source: SourceTraits,
        _ sinks: [(name: String, sink: any Sink)]
    ) -> [String] {
        var reasons: [String] = []
        if !source.isReplayable { reasons.append("the source cannot read again what was not committed") }
        if source.acknowledgement != .cumulative { reasons.append("the source acknowledges its records one by one") }
        if source.positions == .nobody { reasons.append("nobody keeps the positions of the source") }
        if pipeline.options.lanes != .partition {
            reasons.append("lanes go by key; exactly once needs lanes by partition")
        }
        for (name, sink) in sinks {
            let keepsCheckpoints = sink is any CheckpointingSink
            if !keepsCheckpoints, !(sink is any PositionKeepingSink) {
                reasons.append("the \(name) keeps neither positions nor checkpoints")
            } else if keepsCheckpoints, source.positions == .upstream {
                reasons.append(
                    "checkpoints of the \(name) need positions in the offset store, and the upstream keeps them"
                )
            } else if !sink.traits.isOrdered {
                reasons.append("the \(name) does not keep the order")
            }
        }
        return reasons
    }
}
