// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
public import OpenConnect

extension CloudEventsSQL {
    /// Evaluates the expression for a record, with the attributes of the event that it stands for. No event is made.
    ///
    /// An id that the record does not have is made of partition and offset, `datacontenttype` is `text/plain` for text
    /// without a content type, and `partitionkey` is a key that is text. What
    /// `ConnectorRecord/event(defaults:options:)` adds so that the way back gives the same record, `connectrecord`, is
    /// not there.
    ///
    /// - Parameters:
    ///   - record: the record.
    ///   - defaults: source and type where neither the record nor its partition says anything. Without them such an
    ///     attribute is missing.
    public func evaluate(_ record: ConnectorRecord, defaults: EventDefaults? = nil) -> Evaluation {
        evaluate(record, fallback: defaults.map { SQLFallback($0) })
    }

    /// Whether a record passes a filter of the expression (L17): as ``Evaluation/passes``, and done at the first error.
    public func passes(_ record: ConnectorRecord, defaults: EventDefaults? = nil) -> Bool {
        passes(record, fallback: defaults.map { SQLFallback($0) })
    }
}

extension SQLFallback {
    init(_ defaults: EventDefaults) {
        self.init(source: defaults.source.string, type: defaults.type)
    }
}

extension ConnectorRecord: SQLInput {
    func value(of attribute: SQLAttribute) -> CloudEventsSQL.Value? {
        if attribute.core == nil, let key = attribute.key {
            return eventExtension(key).map { CloudEventsSQL.Value($0) }
        }
        var text: String?
        _ = test(attribute) { bytes in
            text = String(decoding: bytes, as: UTF8.self)
            return true
        }
        return text.map { .string($0) }
    }

    func test(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool? {
        test(attribute.core, named: attribute.name, condition)
    }

    func testText(_ attribute: SQLAttribute, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool? {
        test(attribute.core, named: attribute.name, onlyText: true, condition)
    }

    func kind(of attribute: SQLAttribute) -> AttributeKind { kind(of: attribute.core, named: attribute.name) }
}
