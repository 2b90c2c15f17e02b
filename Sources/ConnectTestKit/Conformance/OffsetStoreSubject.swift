// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// An offset store as the checks of an ``OffsetStoreConformance`` reach it.
///
/// What is not supplied is not checked: the report says so.
public struct OffsetStoreSubject: Sendable {
    /// Makes the store, empty.
    public var makeStore: @Sendable () async throws -> any OffsetStore
    /// Makes another store of what the first one has saved, as a new process would. All claims of the first one are
    /// released by then.
    public var reopen: (@Sendable () async throws -> any OffsetStore)?
    /// Whether every name of a connector or a partition is possible, whatever is in it.
    public var acceptsAnyName = true
    /// Releases what the stores hold, after the last call of anything else.
    public var close: @Sendable () async -> Void = {}

    /// A store that keeps its positions as long as it lives, unless ``reopen`` is set.
    ///
    /// - Parameter makeStore: makes the store, empty.
    public init(makeStore: @escaping @Sendable () async throws -> any OffsetStore) {
        self.makeStore = makeStore
    }
}
