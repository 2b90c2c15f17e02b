// SPDX-License-Identifier: Apache-2.0

import OpenConnect
import Testing

/// Expects an error of a code whose message has some words.
func expectError(
    _ code: ConnectorError.Code = .invalidRecord,
    mentioning words: String...,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> some Any
) {
    do {
        let value = try body()
        Issue.record("expected an error, got \(value)", sourceLocation: sourceLocation)
    } catch let error as ConnectorError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        for word in words {
            #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation)
        }
    } catch {
        Issue.record("expected a ConnectorError, got \(error)", sourceLocation: sourceLocation)
    }
}
