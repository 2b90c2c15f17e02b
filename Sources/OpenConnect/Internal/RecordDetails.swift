// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// What most records do not have.
///
/// It is safe to send: it is changed only by ``ConnectorRecord/editDetails(_:)``, while one record alone refers to it.
@usableFromInline
final class RecordDetails: @unchecked Sendable {
    @usableFromInline var value: StructuredValueBox?
    @usableFromInline var largeOffset: LargeOffset?
    var key: RecordData?
    var headers: [RecordHeader] = []
    var deliveryAttempt: Int?
    var id: String?
    var source: URIReference?
    var type: String?
    var subject: String?
    /// Whether the subject was computed when the record changed, even if to nothing.
    var isSubjectFixed = false
    var time: Timestamp?
    var contentType: String?
    var schema: URI?
    var extensions: [EventExtension] = []

    init() {}

    @inlinable
    static func ifNeeded(value: StructuredValueBox?, largeOffset: LargeOffset?) -> RecordDetails? {
        value == nil && largeOffset == nil ? nil : holding(value, largeOffset)
    }

    @usableFromInline
    static func holding(_ value: StructuredValueBox?, _ largeOffset: LargeOffset?) -> RecordDetails {
        let details = RecordDetails()
        details.value = value
        details.largeOffset = largeOffset
        return details
    }

    func copy() -> RecordDetails {
        let copy = RecordDetails()
        copy.value = value
        copy.largeOffset = largeOffset
        copy.key = key
        copy.headers = headers
        copy.deliveryAttempt = deliveryAttempt
        copy.id = id
        copy.source = source
        copy.type = type
        copy.subject = subject
        copy.isSubjectFixed = isSubjectFixed
        copy.time = time
        copy.contentType = contentType
        copy.schema = schema
        copy.extensions = extensions
        return copy
    }
}
