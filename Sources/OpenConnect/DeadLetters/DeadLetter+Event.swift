// SPDX-License-Identifier: Apache-2.0

public import CloudEventsCodec

extension DeadLetter {
    /// The letter as an event: the one of its record as it was polled, with the letter's own extension attributes.
    ///
    /// | attribute | |
    /// |---|---|
    /// | `deadletterpipeline` | the pipeline |
    /// | `deadletterconnector` | the type of the source |
    /// | `deadletterstage` | `poll`, `function` or `put` |
    /// | `deadlettersink`, `deadletterparts` | the sink, and the numbers of the parts: `0,3` |
    /// | `deadlettercode`, `deadlettermessage` | the newest error, without its cause |
    /// | `deadletterattempts` | how often it was tried |
    /// | `deadletterfirst`, `deadletterlast` | when it failed for the first and for the last time |
    /// | `deadletterrecord` | what the record is and its event does not say, as percent-encoded fields |
    ///
    /// The position is in `connectposition`, key and headers where ``ConnectorRecord/event(defaults:options:)`` puts them.
    /// Extensions of the record that have one of these names, or another that begins with `deadletter`, are kept in
    /// `deadletterrecord`, so that the letter's own have the names above, also in the letter of a record that is itself a
    /// letter. Data that is text is written
    /// as text, so that it can be read; any other as bytes. In texts, what no attribute can have is percent-encoded.
    ///
    /// ``init(event:)`` makes the same letter of it again, also after a format has written and read it; that of Avro keeps
    /// JSON by its meaning only, not by its bytes.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord`. Every record has such an event: also one of
    ///   which no other can be made.
    public func event() throws -> CloudEvent {
        var event = try LetterEvent.event(of: self)
        do {
            for (name, value) in try context { try event.setExtension(name, to: value) }
        } catch {
            throw ConnectorError(
                .invalidRecord,
                "no event can be made of the dead letter: \(error)",
                position: record.position
            )
        }
        return event
    }

    private var context: [(AttributeName, AttributeValue)] {
        get throws(CloudEventError) {
            var list: [(AttributeName, AttributeValue)] = []
            let texts = [
                (LetterAttribute.pipeline, pipeline), (LetterAttribute.connector, connector),
                (LetterAttribute.stage, stage.description), (LetterAttribute.sink, sink ?? ""),
                (LetterAttribute.parts, parts.map { "\($0)" }.joined(separator: ",")),
                (LetterAttribute.code, errorCode), (LetterAttribute.message, errorMessage),
            ]
            for (name, text) in texts where !text.isEmpty {
                list.append((name, .string(LetterAttribute.escaped(text))))
            }
            list.append((LetterAttribute.attempts, .integer(Int32(clamping: attempts))))
            list.append((LetterAttribute.first, .timestamp(try Timestamp(firstFailure))))
            list.append((LetterAttribute.last, .timestamp(try Timestamp(lastFailure))))
            return list
        }
    }

    /// The letter that an event stands for.
    ///
    /// - Throws: ``ConnectorError`` with the code `invalidRecord` that names the attribute which is missing or is not what
    ///   a letter has there.
    public init(event: CloudEvent) throws {
        func text(_ name: AttributeName) -> String? {
            event.extensions[name].map { LetterAttribute.unescaped($0.canonicalString) }
        }
        func required<Value>(_ name: AttributeName, _ read: (String) throws -> Value?) throws -> Value {
            guard let text = text(name), let value = try? read(text) else {
                throw ConnectorError(
                    .invalidRecord,
                    "the event \(event.id) is no dead letter: its attribute \(name.string) is "
                        + (text(name) == nil ? "missing" : "not what a letter has there")
                )
            }
            return value
        }
        let stage = try required(LetterAttribute.stage) { $0 }
        guard let record = LetterEvent.record(of: event) else {
            throw ConnectorError(
                .invalidRecord,
                "the dead letter \(event.id) has an attribute \(LetterAttribute.record.string) that cannot be read; "
                    + "was it written by a newer version?"
            )
        }
        self.init(
            record: record,
            pipeline: text(LetterAttribute.pipeline) ?? "",
            connector: text(LetterAttribute.connector) ?? "",
            stage: Stage(stage),
            sink: text(LetterAttribute.sink),
            parts: try text(LetterAttribute.parts) == nil ? [] : required(LetterAttribute.parts, Self.parts),
            errorCode: text(LetterAttribute.code) ?? "",
            errorMessage: text(LetterAttribute.message) ?? "",
            attempts: try required(LetterAttribute.attempts) { Int32($0).flatMap { $0 < 0 ? nil : Int($0) } },
            firstFailure: try required(LetterAttribute.first) { RecordTimestamp(try Timestamp($0)) },
            lastFailure: try required(LetterAttribute.last) { RecordTimestamp(try Timestamp($0)) }
        )
    }

    private static func parts(_ text: String) -> [Int]? {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
        let parts = numbers.compactMap { Int($0) }
        return parts.count == numbers.count ? parts : nil
    }
}

extension DeadLetter {
    /// The letter as a record, which any sink can take: it has the data and the attributes of ``event()``, and key,
    /// headers, partition and offset of the letter's record.
    ///
    /// - Throws: as ``event()``.
    public var asRecord: ConnectorRecord {
        get throws {
            var record = ConnectorRecord(event: try event())
            record.partition = RecordPartition(self.record.partition.name)
            record.offset = self.record.offset
            return record
        }
    }

    /// The letter that a record stands for: one that ``asRecord`` gave, on whatever ways it came back.
    ///
    /// - Throws: as ``init(event:)``.
    public init(asRecord record: ConnectorRecord) throws {
        try self.init(event: record.event(defaults: EventDefaults(pipeline: "", connectorType: "")))
    }
}
