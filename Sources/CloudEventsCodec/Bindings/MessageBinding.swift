// SPDX-License-Identifier: Apache-2.0

/// What the bindings have in common: structured and batched mode, and the types of extensions.
protocol MessageBinding: Sendable {
    var formats: EventFormats { get }
    var limits: CodecLimits { get }
    var extensionTypes: [AttributeName: AttributeType] { get }
}

extension MessageBinding {
    /// Reads the event of a message in structured mode.
    func structuredEvent(
        _ payload: SharedBytes?,
        contentType: String,
        rule: String
    ) throws(CloudEventError) -> CloudEvent {
        guard let format = formats.format(forContentType: contentType) else { throw unsupported(rule: rule) }
        guard let payload, !payload.isEmpty else {
            throw CloudEventError(
                .malformed,
                "the message has no payload; in structured mode it is the event",
                rule: rule
            )
        }
        guard payload.count <= limits.eventBytes else { throw limits.eventTooLarge(offset: nil) }
        return try withDeclaredTypes(try format.decode(payload))
    }

    /// Reads the events of a message in batched mode.
    func batchedEvents(
        _ payload: SharedBytes?,
        contentType: String,
        rule: String
    ) throws(CloudEventError) -> [CloudEvent] {
        guard let format = formats.format(forBatchContentType: contentType) else { throw unsupported(rule: rule) }
        let payload = payload ?? SharedBytes()
        guard payload.count <= limits.batchBytes else {
            throw CloudEventError(.limitExceeded, "the batch is larger than the limit of \(limits.batchBytes) bytes")
        }
        var events = try format.decodeBatch(payload)
        guard events.count <= limits.batchEvents else {
            throw CloudEventError(
                .limitExceeded,
                "the batch has more events than the limit of \(limits.batchEvents)"
            )
        }
        guard !extensionTypes.isEmpty else { return events }
        for index in events.indices { events[index] = try withDeclaredTypes(events[index]) }
        return events
    }

    /// Gives extensions that a format brought as text their declared types.
    private func withDeclaredTypes(_ event: CloudEvent) throws(CloudEventError) -> CloudEvent {
        guard !extensionTypes.isEmpty else { return event }
        var isChanged = false
        var extensions = Array(event.extensions)
        for index in extensions.indices {
            let (name, value) = (extensions[index].name, extensions[index].value)
            guard let type = extensionTypes[name], type != value.type else { continue }
            do throws(CloudEventError) { extensions[index].value = try value.declared(as: type) } catch {
                throw error.naming(name.string)
            }
            isChanged = true
        }
        guard isChanged else { return event }
        var event = event
        try event.setExtensions(ExtensionAttributes(unchecked: extensions))
        return event
    }

    private func unsupported(rule: String) -> CloudEventError {
        CloudEventError(
            .unsupportedFormat,
            "the content type names an event format that is not among this receiver's formats; "
                + "add the format or forward the message as it is",
            rule: rule
        )
    }
}

extension CloudEvent {
    /// The content type that a message in binary mode has: a JSON value says what it is where the event does not (C15).
    var messageContentType: String? {
        dataContentType ?? (data.kind == .json ? "application/json" : nil)
    }

    /// The payload of a message in binary mode.
    var messagePayload: SharedBytes? { data.isAbsent ? nil : data.bytes }

    /// The attributes that have a place of their own in a message: all but `datacontenttype`.
    var headerAttributes: [Attribute] { attributes.filter { $0.name != .dataContentType } }
}
