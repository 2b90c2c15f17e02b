// SPDX-License-Identifier: Apache-2.0

/// A source whose offsets are tokens, each acknowledged for itself and with its outcome, as those of a queue or a webhook.
public protocol AcknowledgingSource: Source {
    /// Passes the outcome of each record on to the upstream.
    ///
    /// It may run at the same time as `poll`, and the next `poll` may begin only when it has returned: it must not wait for
    /// one. The order of the list is the order in which the records were settled. An acknowledgement that fails is repeated
    /// as long as the source lives; after that the upstream delivers again.
    func acknowledge(_ acknowledgements: [Acknowledgement]) async throws
}
