// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Where a pipeline's dead letters go.
public struct DeadLetters: Sendable {
    enum Place: Sendable {
        case store(any DeadLetterStore)
        case sink(@Sendable () throws -> any Sink)
    }

    let place: Place

    /// Into a store, from which they can be delivered later.
    public static func store(_ store: any DeadLetterStore) -> DeadLetters { DeadLetters(place: .store(store)) }

    /// Into any sink, each letter as one record. They cannot be delivered again from there by the library.
    public static func sink(_ sink: @autoclosure @escaping @Sendable () throws -> any Sink) -> DeadLetters {
        DeadLetters(place: .sink(sink))
    }
}
