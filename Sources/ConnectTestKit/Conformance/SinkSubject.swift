// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// A sink and the system behind it, as the checks of a ``SinkConformance`` reach them.
///
/// What is not supplied is not checked: the report says so.
public struct SinkSubject: Sendable {
    /// Makes an instance that writes the system. All instances of one subject write the same system.
    public var makeSink: @Sendable () async throws -> any Sink
    /// The items that are durable in the system, in their order there, as a reader finds them that has nothing to do
    /// with the sink.
    public var durable: @Sendable () async throws -> [String]
    /// Makes the record that is put for an item; the checks give it its partition and offset. The item as text, unless
    /// the sink needs more, such as a key.
    public var record: @Sendable (_ item: String) -> ConnectorRecord = { ConnectorRecord(.text($0)) }
    /// Whether the order of the durable items tells the order in which they were applied.
    public var showsOrder = true
    /// Makes a record that the system will never accept.
    public var badRecord: (@Sendable () -> ConnectorRecord)?
    /// Makes the system unreachable, or reachable again.
    public var setReachable: (@Sendable (_ isReachable: Bool) async throws -> Void)?
    /// Has the next transaction take place and its answer get lost, for an ``/OpenConnect/PositionKeepingSink``.
    public var loseNextAnswer: (@Sendable () async throws -> Void)?
    /// Instances that have to be refused, when they are made or started, by what the error has to name: a setting that
    /// is missing, unknown, out of its range, or contradicts another one.
    public var wrongSettings: [String: @Sendable () async throws -> any Sink] = [:]
    /// Releases the system, after the last call of anything else.
    public var close: @Sendable () async -> Void = {}

    /// A sink and a reader of what it wrote.
    ///
    /// - Parameters:
    ///   - makeSink: makes an instance that writes the system.
    ///   - durable: the items that are durable in the system.
    public init(
        makeSink: @escaping @Sendable () async throws -> any Sink,
        durable: @escaping @Sendable () async throws -> [String]
    ) {
        self.makeSink = makeSink
        self.durable = durable
    }
}
