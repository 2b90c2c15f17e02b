// SPDX-License-Identifier: Apache-2.0

/// Keeps dead letters until they are delivered after all, or thrown away.
public protocol DeadLetterStore: Sendable {
    /// Adds letters. Durable when it returns: the pipeline goes on behind these records.
    func append(_ letters: [DeadLetter]) async throws

    /// The oldest letters behind a key, at most that many; fewer only where there are no more.
    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter]

    /// Removes letters, durably; keys that are not there any more are passed over.
    func remove(_ keys: [DeadLetterKey]) async throws
}

/// What a store knows a letter by. Keys of one store are in the order in which the letters were added.
public struct DeadLetterKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number of the letter in its store.
    public let number: UInt64

    /// The key with a number.
    public init(_ number: UInt64) { self.number = number }

    /// Whether the left one was added earlier.
    public static func < (left: DeadLetterKey, right: DeadLetterKey) -> Bool { left.number < right.number }

    /// The number in decimal digits.
    public var description: String { String(number) }
}

/// A letter with the key that its store gave it.
public struct StoredDeadLetter: Sendable {
    /// What the store knows the letter by.
    public let key: DeadLetterKey
    /// The letter.
    public let letter: DeadLetter

    /// A letter under a key.
    public init(key: DeadLetterKey, letter: DeadLetter) {
        self.key = key
        self.letter = letter
    }
}
