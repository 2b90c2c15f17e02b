// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Why a process could not be run, or a crash test not be finished.
public struct CrashTestError: Error, Sendable {
    /// The class of an error.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code.
        public let description: String

        private init(_ name: String) { description = name }

        /// The process could not be started.
        public static let cannotStart = Code("cannotStart")
        /// The process ended in a way that nobody caused.
        public static let unexpectedEnd = Code("unexpectedEnd")
        /// The time was up.
        public static let timeLimit = Code("timeLimit")
        /// A run that nobody killed has added nothing to the outputs, by which the harness knows when to kill.
        public static let noOutput = Code("noOutput")
        /// A file of the test could not be read.
        public static let unreadable = Code("unreadable")
    }

    /// The class of the error.
    public let code: Code
    /// What is wrong, and what to do.
    public let message: String
    /// How far a crash test had come.
    public let report: CrashReport?
    /// Where in the code the error was made.
    public let location: ConnectorError.Location

    init(
        _ code: Code,
        _ message: String,
        report: CrashReport? = nil,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.report = report
        location = ConnectorError.Location(file: file, line: line)
    }
}

extension CrashTestError: CustomStringConvertible {
    /// Code, message and report.
    public var description: String {
        "\(code): \(message)" + (report.map { " [\($0)]" } ?? "")
    }
}
