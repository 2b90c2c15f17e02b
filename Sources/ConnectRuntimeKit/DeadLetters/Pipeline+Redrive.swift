// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

extension Pipeline {
    /// Delivers dead letters after all: only what failed, only to the sink that failed.
    ///
    /// Letters are taken in the order in which they were added. The functions are applied again to the record as it was
    /// polled; of what they make of it, the parts that the letter names are put into the sink that it names, and where it
    /// names none, all parts into all of their sinks. Verdicts and retries are as in a run. What was delivered and flushed
    /// is removed from the store; what failed again is kept there, with the new error, for what failed. Nothing is
    /// removed before the flush has returned: after a crash, an error or a cancellation at any moment every letter is
    /// delivered or in the store, and what is repeated then is at most one page of 256 letters.
    ///
    /// The source is not started, and the pipeline may run meanwhile, with instances of the sinks of its own, unless a
    /// sink that is needed keeps positions or checkpoints: then the redrive claims the pipeline's offsets. A
    /// position-keeping sink moves no position by it. The output of a checkpointing sink gets a new checkpoint, so that the
    /// next run does not cut off what was redriven. Either way redriven records are delivered at least once.
    ///
    /// - Parameters:
    ///   - selection: which letters; those of other pipelines are never taken.
    ///   - store: where they are; `nil` for the pipeline's own dead letters.
    /// - Returns: what became of them.
    /// - Throws: ``/OpenConnect/ConnectorError``: `invalidConfiguration` where there is no store, or it cannot be used;
    ///   what a sink failed with where that says nothing about the records: it does not start, cannot be reached, or
    ///   does not flush; what the store failed with; `cancelled`.
    @discardableResult
    public func redrive(
        _ selection: DeadLetterSelection = .all,
        from store: (any DeadLetterStore)? = nil
    ) async throws -> RedriveCounts {
        var letters = store
        if letters == nil, case .store(let own)? = deadLetters?.place { letters = own }
        guard let letters else {
            throw ConnectorError(
                .invalidConfiguration,
                "the pipeline \"\(name)\" has no store of dead letters to redrive from; give it one, such as a "
                    + "FileDeadLetterStore, in place of a sink"
            )
        }
        do {
            return try await Redrive(self, letters, selection).execute()
        } catch {
            throw error.inCall("redrive", of: "dead letters")
        }
    }
}
