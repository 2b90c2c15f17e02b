// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A sink of a pipeline, with the name by which functions, dead letters and stored checkpoints speak of it.
public struct NamedSink: Sendable {
    /// The name, unique in its pipeline and the same over restarts.
    public let name: String
    let make: @Sendable () throws -> any Sink

    /// A sink with a name.
    ///
    /// - Parameters:
    ///   - name: the name.
    ///   - sink: makes the sink, at each run.
    public init(_ name: String, _ sink: @autoclosure @escaping @Sendable () throws -> any Sink) {
        self.name = name
        make = sink
    }
}
