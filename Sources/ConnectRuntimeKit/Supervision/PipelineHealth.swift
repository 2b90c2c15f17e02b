// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// How a pipeline of a ``ConnectRuntime`` is.
public struct PipelineHealth: Sendable, CustomStringConvertible {
    /// The name of the pipeline.
    public let pipeline: String
    /// What it is doing.
    public let status: PipelineStatus
    /// The calls that have not returned for longer than ``RuntimeOptions/stallLimit``.
    public let stalledCalls: [RunningCall]
    /// How often the pipeline was run again by itself.
    public let restarts: Int
    /// What its newest run that has ended failed with.
    public let lastError: ConnectorError?
    /// Whether it is paused, and its newest run has failed.
    let isPausedAfterFailure: Bool

    /// How it is, in a word.
    public var level: HealthLevel {
        guard stalledCalls.isEmpty, !isPausedAfterFailure else { return .unhealthy }
        switch status.state {
        case .failed, .restarting: return .unhealthy
        case .starting where !isStandby: return .starting
        case .created: return .starting
        default: return .healthy
        }
    }

    /// Whether it waits until the owner of its offsets gives them up.
    public var isStandby: Bool {
        status.state == .starting && status.calls.contains { $0.name == "claim" && $0.isWaiting }
    }

    /// What is wrong, as a sentence; `nil` where nothing is.
    public var problem: String? {
        guard level == .unhealthy else { return nil }
        if !stalledCalls.isEmpty {
            let calls = stalledCalls.map(\.timedDescription).joined(separator: ", ")
            return "the pipeline \"\(pipeline)\" is stalled: \(calls)"
        }
        let what =
            switch status.state {
            case .failed: "has failed"
            case .paused: "has failed, is paused, and is run anew when it is resumed"
            default: "fails and is run again"
            }
        return "the pipeline \"\(pipeline)\" \(what)" + (lastError.map { ": \($0.message)" } ?? "")
    }

    /// The name, the state, and what is wrong.
    public var description: String { problem ?? "the pipeline \"\(pipeline)\" is \(status.state)" }
}

/// How something is, in a word.
public struct HealthLevel: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let rank: Int
    /// The word.
    public let description: String

    /// Does what is wanted of it.
    public static let healthy = HealthLevel(rank: 0, description: "healthy")
    /// Is not there yet, and nothing is known to be wrong.
    public static let starting = HealthLevel(rank: 1, description: "starting")
    /// Has failed, or does not get on.
    public static let unhealthy = HealthLevel(rank: 2, description: "unhealthy")

    /// Whether the left one is better.
    public static func < (left: HealthLevel, right: HealthLevel) -> Bool { left.rank < right.rank }
}

extension RunningCall {
    /// The call, and for how long it has been running.
    var timedDescription: String { duration.map { "\(self) has not returned for \($0)" } ?? "\(self) has not returned" }
}
