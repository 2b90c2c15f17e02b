// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Appends what it is given to an ``InMemoryLog``, at least once.
///
/// The records are kept as they came, with the offsets that their source gave them.
public struct InMemorySink: Sink {
    private let log: InMemoryLog
    /// What the sink says of itself; nothing else follows from it.
    public let traits: SinkTraits

    /// A sink that appends to a log.
    ///
    /// - Parameters:
    ///   - log: the log, which is looked at when the pipeline has stopped, or while it runs.
    ///   - traits: what the sink is to say of itself, for a test of what follows from that.
    public init(_ log: InMemoryLog, traits: SinkTraits = SinkTraits()) {
        self.log = log
        self.traits = traits
    }

    /// Appends the records; they can be seen at once.
    public func put(_ batch: RecordBatch) async throws -> PutResult {
        log.append(contentsOf: batch)
        return .delivered
    }

    /// Does nothing: what is appended is as durable as the log.
    public func flush() async throws {}
}
