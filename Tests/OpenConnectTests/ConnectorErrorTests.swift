// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

@Suite("Errors and verdicts")
struct ConnectorErrorTests {
    @Test("A description has code, message, position and cause on one line")
    func description() {
        let position = RecordPosition(partition: RecordPartition("a.log"), offset: RecordOffset(7))
        let cause = ConnectorError(.retryable, "reset")
        let error = ConnectorError(.notConnected, "cannot write", cause: cause, position: position)
        #expect(error.description == "notConnected: cannot write (at offset 7 of \"a.log\"): retryable: reset")
        #expect(ConnectorError(.fatal, "gone").description == "fatal: gone")
        #expect(error.location.file.hasSuffix("ConnectorErrorTests.swift"))
    }

    private struct Words: Error, CustomStringConvertible {
        let description: String
    }

    @Test("A message and a cause of several lines stay on one")
    func oneLine() {
        let error = ConnectorError(.fatal, "a\nb", cause: Words(description: "c\r\n\td"))
        #expect(error.description == #"fatal: a\nb: c\r\n\td"#)
    }

    @Test("A cause that the message has is not said twice")
    func causeOnce() {
        let problems = SettingProblems([SettingProblem("is wrong", at: "a"), SettingProblem("is missing", at: "b")])
        #expect(ConnectorError(problems).description == "invalidConfiguration: a: is wrong; b: is missing")
        let error = ConnectorError(.fatal, "cannot begin", cause: problems)
        #expect(error.description == "fatal: cannot begin: a: is wrong; b: is missing")
        let cause = Words(description: "no such file")
        let open = ConnectorError(.fatal, "cannot open it: no such file", cause: cause)
        #expect(open.description == "fatal: cannot open it: no such file")
    }

    @Test("A put result lists what was not simply delivered, in order")
    func putResult() {
        #expect(PutResult.delivered.isDelivered)
        let error = ConnectorError(.invalidRecord, "bad")
        let result = PutResult.verdicts([5: .drop, 1: .reject(error), 3: .delivered, 2: .retry(after: .seconds(1))])
        #expect(result.exceptions.map(\.index) == [1, 2, 5])
        #expect(result.exceptions[0].verdict.error?.message == "bad")
        #expect(result.exceptions[1].verdict.delay == .seconds(1))
        #expect(PutResult.verdicts([3: .delivered]).isDelivered)
    }

    @Test("A put that stopped tried nothing behind the place")
    func stopped() {
        let result = PutResult.stopped(at: 2, of: 5, .retry())
        #expect(result.exceptions.map(\.index) == [2, 3, 4])
        #expect(result.exceptions.map(\.verdict.kind) == [.retry, .notTried, .notTried])
        #expect(PutResult.stopped(at: 4, of: 5, .drop).exceptions.count == 1)
    }
}
