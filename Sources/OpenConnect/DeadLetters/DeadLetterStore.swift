// SPDX-License-Identifier: Apache-2.0

/// Keeps dead letters until they are delivered after all, or thrown away.
///
/// Its calls may be made at the same time, from any task. None of them ends before what it began is done: cancellation
/// leaves no letter half stored.
public protocol DeadLetterStore: Sendable {
    /// Adds letters. Durable when it returns: the pipeline goes on behind these records.
    func append(_ letters: [DeadLetter]) async throws

    /// The oldest letters behind a key, in the order of their keys: at most that many, and none only where there are no
    /// more. A store may give fewer, so that large letters do not fill the memory.
    func read(after key: DeadLetterKey?, atMost count: Int) async throws -> [StoredDeadLetter]

    /// Puts letters in the place of those with the same keys, durably. At no moment, and after no crash, is there neither
    /// the old one nor the new one. Keys that are not there any more are passed over.
    func replace(_ letters: [StoredDeadLetter]) async throws

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
