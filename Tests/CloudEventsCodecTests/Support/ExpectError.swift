// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import Testing

/// Expects an error of a code and, if given, a rule, an attribute and a place.
func expectError(
    _ code: CloudEventError.Code,
    rule: String? = nil,
    attribute: String? = nil,
    offset: Int? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> some Any
) {
    do {
        _ = try body()
        Issue.record("no error was thrown; expected was \(code)", sourceLocation: sourceLocation)
    } catch let error as CloudEventError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        if let rule { #expect(error.rule == rule, "\(error)", sourceLocation: sourceLocation) }
        if let attribute { #expect(error.attribute == attribute, "\(error)", sourceLocation: sourceLocation) }
        if let offset { #expect(error.offset == offset, "\(error)", sourceLocation: sourceLocation) }
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
