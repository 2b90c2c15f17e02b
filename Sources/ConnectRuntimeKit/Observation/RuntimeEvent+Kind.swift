// SPDX-License-Identifier: Apache-2.0

extension RuntimeEvent {
    /// What happened, by a name that does not change.
    public struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// The dotted name, such as `pipeline.state`.
        public let description: String

        init(_ name: String) { description = name }

        /// The pipeline is in another ``RuntimeEvent/state``: `pipeline.state`.
        public static let pipelineState = Kind("pipeline.state")
        /// A failed pipeline runs again after ``RuntimeEvent/delay``: `pipeline.restart`.
        public static let pipelineRestart = Kind("pipeline.restart")
        /// A pipeline has not stopped by the deadline of its runtime, because of a ``RuntimeEvent/call``: `pipeline.overdue`.
        public static let pipelineOverdue = Kind("pipeline.overdue")
        /// What is guaranteed of the delivery, and why not more: `delivery.guarantee`.
        public static let deliveryGuarantee = Kind("delivery.guarantee")

        /// The offsets have an owner; the pipeline waits for it as a standby: `claim.waiting`.
        public static let claimWaiting = Kind("claim.waiting")
        /// Stored offsets were edited or reset: `offsets.edited`.
        public static let offsetsEdited = Kind("offsets.edited")

        /// A ``RuntimeEvent/call`` has not returned for too long: `call.stalled`.
        public static let callStalled = Kind("call.stalled")
        /// A ``RuntimeEvent/call`` that was stalled has returned: `call.returned`.
        public static let callReturned = Kind("call.returned")
        /// The call ``RuntimeEvent/callName`` failed and is made again after ``RuntimeEvent/delay``: `call.retry`.
        public static let callRetry = Kind("call.retry")

        /// Records are in the dead letters now: `records.dead-lettered`.
        public static let recordsDeadLettered = Kind("records.dead-lettered")
        /// A unit is larger than what may be uncommitted: `unit.large`.
        public static let unitLarge = Kind("unit.large")
        /// Revoked partitions were not committed in time: `partitions.uncommitted`.
        public static let partitionsUncommitted = Kind("partitions.uncommitted")
        /// The source could not take note of a commit: `commit.unreported`.
        public static let commitUnreported = Kind("commit.unreported")

        /// Dead letters were delivered, or tried again: `dead-letters.redriven`.
        public static let deadLettersRedriven = Kind("dead-letters.redriven")
        /// Dead letters cannot be redriven, and stay: `dead-letters.kept`.
        public static let deadLettersKept = Kind("dead-letters.kept")

        /// What a connector said through its context: `connector.message`.
        public static let connectorMessage = Kind("connector.message")
        /// The records of a run were counted up at its end: `audit`.
        public static let audit = Kind("audit")
    }
}
