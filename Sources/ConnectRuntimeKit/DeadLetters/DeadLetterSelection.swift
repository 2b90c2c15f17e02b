// SPDX-License-Identifier: Apache-2.0

public import OpenConnect

/// Which dead letters a redrive takes.
public struct DeadLetterSelection: Sendable, Hashable {
    /// Only those that this sink has not got; `nil` for any, and for those that got to no sink.
    public var sink: String?
    /// Only those that failed at this stage the last time.
    public var stage: DeadLetter.Stage?
    /// Only those whose newest error has this code, such as `invalidRecord`.
    public var errorCode: String?
    /// The most letters that are tried; `nil` for as many as there are.
    public var limit: Int?

    /// All letters, or those that have everything that is given.
    public init(sink: String? = nil, stage: DeadLetter.Stage? = nil, errorCode: String? = nil, limit: Int? = nil) {
        self.sink = sink
        self.stage = stage
        self.errorCode = errorCode
        self.limit = limit
    }

    /// Every letter of the pipeline.
    public static let all = DeadLetterSelection()

    func contains(_ letter: DeadLetter) -> Bool {
        (sink == nil || sink == letter.sink) && (stage == nil || stage == letter.stage)
            && (errorCode == nil || errorCode == letter.errorCode)
    }
}
