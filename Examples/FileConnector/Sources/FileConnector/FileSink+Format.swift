// SPDX-License-Identifier: Apache-2.0

extension FileSink {
    /// How a ``FileSink`` writes a record.
    public struct Format: Sendable, Hashable, CustomStringConvertible {
        /// What stands for the format in a checkpoint.
        let code: UInt8
        /// The name of the format, as it is written in a configuration.
        public let description: String

        /// The record's bytes and a newline. Bytes that hold a newline are rejected: they would not be one line.
        public static let lines = Format(code: 1, description: "lines")
        /// A CloudEvents event in JSON, without line breaks, and a newline.
        public static let cloudEvents = Format(code: 2, description: "cloudevents")

        static let all = [lines, cloudEvents]
    }
}
