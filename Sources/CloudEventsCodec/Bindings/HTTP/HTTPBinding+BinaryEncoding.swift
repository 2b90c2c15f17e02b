// SPDX-License-Identifier: Apache-2.0

extension HTTPBinding {
    /// The headers of an event in binary mode (H5 to H7).
    func binaryHeaders(of event: CloudEvent) -> [MessageHeader] {
        var headers: [MessageHeader] = []
        headers.reserveCapacity(CoreAttribute.held.count + 1 + event.facts.extensionCount)
        headers.append(MessageHeader("ce-specversion", "1.0"))
        event.appendHeader("ce-id", .id, to: &headers)
        event.appendHeader("ce-source", .source, to: &headers)
        event.appendHeader("ce-type", .type, to: &headers)
        event.appendHeader("ce-subject", .subject, to: &headers)
        event.appendHeader("ce-time", .time, to: &headers)
        event.appendHeader("ce-dataschema", .dataSchema, to: &headers)
        event.appendExtensionHeaders(to: &headers)
        if let contentType = event.messageContentType { headers.append(MessageHeader(Self.contentType, contentType)) }
        return headers
    }
}

extension CloudEvent {
    fileprivate func appendHeader(_ name: String, _ attribute: CoreAttribute, to headers: inout [MessageHeader]) {
        withText(attribute) { headers.append(MessageHeader(name, HTTPHeaderValue.encode($0))) }
    }

    fileprivate func appendExtensionHeaders(to headers: inout [MessageHeader]) {
        defer { withExtendedLifetime(storage) {} }
        for index in 0..<facts.extensionCount {
            let place = EventTexts.coreCount + 2 * index
            headers.append(MessageHeader("ce-" + texts[place].string, HTTPHeaderValue.encode(texts[place + 1])))
        }
    }
}
