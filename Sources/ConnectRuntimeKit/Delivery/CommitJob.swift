// SPDX-License-Identifier: Apache-2.0

import OpenConnect

/// A commit on its way: what it makes durable, and how far it has come.
struct CommitJob: Sendable {
    enum Stage: Sendable {
        case flush
        case save
        /// The source is told.
        case commit
    }

    let set: CommitSet
    /// What is done next.
    var stage = Stage.flush
    /// What that has failed with, the last time that it was done.
    var failure: (any Error)?
    /// When it was begun, and the span that tells of it.
    var start: ConnectorClock.Instant?
    var span: SpanSender.Beginning?

    init(_ set: CommitSet) { self.set = set }
}
