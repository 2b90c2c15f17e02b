// SPDX-License-Identifier: Apache-2.0

/// What went wrong in a connector, an offset store or the runner, and what to do about it.
public struct ConnectorError: Error, Sendable {
    /// The class of an error: it decides what the runner does.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code, as it appears in logs and metrics.
        public let description: String

        private init(_ name: String) { description = name }

        /// A passing fault: trying again may help.
        public static let retryable = Code("retryable")
        /// The external system asks for patience, or has no room at present; ``ConnectorError/retryAfter`` may say how long.
        public static let throttled = Code("throttled")
        /// The external system cannot be reached: an outage, not bad data.
        public static let notConnected = Code("notConnected")
        /// A record of the batch is bad and will stay bad.
        public static let invalidRecord = Code("invalidRecord")
        /// The configuration is wrong; nothing will change until it is corrected.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// Another owner has taken over: the epoch of the claim is outdated.
        public static let fenced = Code("fenced")
        /// Stored positions, or the output they speak of, are damaged, foreign, or no longer reach as far as they say.
        public static let corruptOffsets = Code("corruptOffsets")
        /// The work was cancelled before it was done.
        public static let cancelled = Code("cancelled")
        /// A deadline passed before the work was done.
        public static let deadlineExceeded = Code("deadlineExceeded")
        /// Nothing can be done about it here.
        public static let fatal = Code("fatal")
    }

    /// Where in the code an error was made.
    public struct Location: Sendable, Hashable {
        /// The `#fileID` of the source file.
        public let file: String
        /// The line in it.
        public let line: Int

        /// A place in a source file.
        public init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    /// The class of the error.
    public var code: Code
    /// What is wrong, and what to do. Never holds a secret.
    public var message: String
    /// The error underneath.
    public var cause: (any Error)?
    /// With `throttled`: how long to wait before the next attempt, which is made no later than at the policy's time limit.
    public var retryAfter: Duration?
    /// The position of the record that the error is about.
    public var position: RecordPosition?
    /// Where the error was made.
    public var location: Location

    /// An error with a message that says what is wrong and what to do.
    public init(
        _ code: Code,
        _ message: String,
        cause: (any Error)? = nil,
        retryAfter: Duration? = nil,
        position: RecordPosition? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.cause = cause
        self.retryAfter = retryAfter
        self.position = position
        self.location = Location(file: file, line: line)
    }
}

extension ConnectorError: CustomStringConvertible {
    /// Code, message, position and cause on one line, with escapes in place of line breaks. The cause is left out where the
    /// message has it.
    public var description: String {
        var text = "\(code): \(message)"
        if let position { text += " (at \(position))" }
        if let cause = wordsOfCause, !message.contains(cause) { text += ": \(cause)" }
        return text.oneLine
    }

    private var wordsOfCause: String? {
        (cause as? SettingProblems)?.sentence ?? cause.map { "\($0)" }
    }
}
