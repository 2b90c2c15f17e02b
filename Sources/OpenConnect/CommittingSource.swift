// SPDX-License-Identifier: Apache-2.0

/// A source that wants to know what is committed: to prune a table, to move a group offset, to confirm a log position.
public protocol CommittingSource: Source {
    /// Takes note that everything up to these positions is committed.
    ///
    /// Called after the positions are durable where they are kept. It may run at the same time as `poll`, and the next
    /// `poll` may begin only when it has returned: it must not wait for one. Each partition stands in the list once, with
    /// its newest offset; a failed call is repeated later with what is the newest then, and after a restart the positions
    /// found in the store are passed again.
    func commit(_ positions: [RecordPosition]) async throws
}
