// SPDX-License-Identifier: Apache-2.0

extension HTTPBinding {
    /// Reads the event of a message in binary mode (H5 to H9, H12).
    func binaryEvent(_ message: HTTPMessage, contentType: String?) throws(CloudEventError) -> CloudEvent {
        var received = ReceivedAttributes(.http, of: self)
        var isEvent = false
        for header in message.headers where HeaderText.hasPrefix(header.name, Self.prefix) {
            isEvent = true
            let name = try AttributeNaming.http.name(HeaderText.lowercased(header.name.utf8Suffix(from: 3)))
            guard name != .dataContentType else { throw Self.repeatedContentType }
            try received.add(name, encoded: header.value)
        }
        guard isEvent else { throw Self.noEvent }
        try received.setContentType(contentType)
        return try received.event(payload: message.body.flatMap { $0.isEmpty ? nil : $0 })
    }

    private static var repeatedContentType: CloudEventError {
        CloudEventError(
            .invalidName,
            "the content type belongs into the header content-type; the header ce-datacontenttype must not be there",
            attribute: AttributeName.dataContentType.string,
            rule: "H5"
        )
    }

    private static var noEvent: CloudEventError {
        CloudEventError(
            .missingAttribute,
            "the message is no event: it has neither a content type of CloudEvents nor a header ce-specversion",
            attribute: AttributeName.specVersion.string,
            rule: "H12"
        )
    }
}
