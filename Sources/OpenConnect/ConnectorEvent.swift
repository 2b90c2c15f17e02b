// SPDX-License-Identifier: Apache-2.0

/// Something worth telling the operator, on its way to the logger that the host chose.
public struct ConnectorEvent: Sendable {
    /// How urgent an event is.
    public struct Level: Sendable, Hashable, Comparable, CustomStringConvertible {
        private let rank: Int
        /// The name of the level.
        public let description: String

        /// Of use while looking for a fault.
        public static let debug = Level(rank: 0, description: "debug")
        /// Part of normal work.
        public static let info = Level(rank: 1, description: "info")
        /// Somebody should look at it in working hours.
        public static let warning = Level(rank: 2, description: "warning")
        /// Something does not work.
        public static let error = Level(rank: 3, description: "error")

        /// Whether the left one is less severe.
        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    /// How urgent it is.
    public var level: Level
    /// One sentence. Never holds a secret or a record's data.
    public var message: String
    /// Values that a structured logger keeps apart from the message.
    public var attributes: [String: String]
    /// The error it is about.
    public var error: (any Error)?

    /// An event of a level.
    public init(
        _ level: Level,
        _ message: String,
        attributes: [String: String] = [:],
        error: (any Error)? = nil
    ) {
        self.level = level
        self.message = message
        self.attributes = attributes
        self.error = error
    }
}
