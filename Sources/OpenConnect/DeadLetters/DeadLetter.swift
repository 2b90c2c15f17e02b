// SPDX-License-Identifier: Apache-2.0

/// A record that could not be delivered, or input that could not become a record, with all that is needed to try again.
public struct DeadLetter: Sendable {
    /// Where on its way the record failed.
    public struct Stage: Sendable, Hashable, CustomStringConvertible {
        /// The name of the stage, as it appears in the letter.
        public let description: String

        /// A stage with a name; one of those below in all letters that a pipeline writes.
        public init(_ name: String) { description = name }

        /// The source could not make a record of its input.
        public static let poll = Stage("poll")
        /// A function failed on it.
        public static let function = Stage("function")
        /// A sink rejected it, or all attempts to put it failed.
        public static let put = Stage("put")
    }

    /// The record as it was polled, before any function; rejected input is a record of the bytes that were read.
    public var record: ConnectorRecord
    /// The pipeline it failed in.
    public var pipeline: String
    /// The type of the source that it came from.
    public var connector: String
    /// Where on its way it failed the last time.
    public var stage: Stage
    /// The sink that has not got it; `nil` where it failed before any sink, and none has.
    public var sink: String?
    /// Which of the records that the functions made of it that sink has not got, counted from 0; empty without a sink.
    public var parts: [Int]
    /// The code of the newest error.
    public var errorCode: String
    /// The message of the newest error.
    public var errorMessage: String
    /// How often it was tried.
    public var attempts: Int
    /// When it failed for the first time.
    public var firstFailure: RecordTimestamp
    /// When it failed for the last time.
    public var lastFailure: RecordTimestamp

    /// A letter.
    public init(
        record: ConnectorRecord,
        pipeline: String,
        connector: String,
        stage: Stage,
        sink: String? = nil,
        parts: [Int] = [],
        error: ConnectorError,
        attempts: Int,
        firstFailure: RecordTimestamp,
        lastFailure: RecordTimestamp
    ) {
        self.init(
            record: record,
            pipeline: pipeline,
            connector: connector,
            stage: stage,
            sink: sink,
            parts: parts,
            errorCode: error.code.description,
            errorMessage: error.message,
            attempts: attempts,
            firstFailure: firstFailure,
            lastFailure: lastFailure
        )
    }
}

extension DeadLetter {
    /// A letter whose error is known by its words only.
    init(
        record: ConnectorRecord,
        pipeline: String,
        connector: String,
        stage: Stage,
        sink: String?,
        parts: [Int],
        errorCode: String,
        errorMessage: String,
        attempts: Int,
        firstFailure: RecordTimestamp,
        lastFailure: RecordTimestamp
    ) {
        self.record = record
        self.pipeline = pipeline
        self.connector = connector
        self.stage = stage
        self.sink = sink
        self.parts = parts
        self.errorCode = errorCode
        self.errorMessage = errorMessage
        self.attempts = attempts
        self.firstFailure = firstFailure
        self.lastFailure = lastFailure
    }
}
