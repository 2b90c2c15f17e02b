// SPDX-License-Identifier: Apache-2.0

/// The attributes the specification defines.
package enum CoreAttribute: UInt8, BitwiseCopyable, Sendable {
    case id, source, specVersion, type, dataContentType, dataSchema, subject, time

    package init?(_ name: AttributeName) {
        guard let core = name.core else { return nil }
        self = core
    }

    /// Finds the attribute by its name's bytes; the length decides first, so that an extension costs one comparison.
    init?(utf8: UnsafeRawBufferPointer) {
        switch utf8.count {
        case 2 where equal(utf8, "id"): self = .id
        case 4 where equal(utf8, "type"): self = .type
        case 4 where equal(utf8, "time"): self = .time
        case 6 where equal(utf8, "source"): self = .source
        case 7 where equal(utf8, "subject"): self = .subject
        case 10 where equal(utf8, "dataschema"): self = .dataSchema
        case 11 where equal(utf8, "specversion"): self = .specVersion
        case 15 where equal(utf8, "datacontenttype"): self = .dataContentType
        default: return nil
        }
    }

    /// Whether every event has it (C1).
    package var isRequired: Bool {
        switch self {
        case .id, .source, .specVersion, .type: true
        case .dataContentType, .dataSchema, .subject, .time: false
        }
    }

    /// Those whose texts decide whether two events are equal.
    static let texts: [CoreAttribute] = [.id, .source, .type, .subject, .dataContentType, .dataSchema]

    /// Those whose texts an event holds: all but the version.
    static let held: [CoreAttribute] = texts + [.time]

    var name: AttributeName {
        switch self {
        case .id: .id
        case .source: .source
        case .specVersion: .specVersion
        case .type: .type
        case .dataContentType: .dataContentType
        case .dataSchema: .dataSchema
        case .subject: .subject
        case .time: .time
        }
    }
}
