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
            try received.add(name, encoded: header.value, naming: .http)
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

extension ReceivedAttributes {
    /// Takes an attribute from a header in the form of HTTP (H8).
    mutating func add(
        _ name: AttributeName,
        encoded value: String,
        naming: AttributeNaming
    ) throws(CloudEventError) {
        let text: String
        do throws(CloudEventError) { text = try HTTPHeaderValue.decode(HeaderText.trimmed(value)) } catch {
            throw naming.placing(error.naming(name.string))
        }
        try add(name, text: text)
    }
}

extension String {
    /// What follows so many bytes.
    func utf8Suffix(from offset: Int) -> Substring {
        Substring(utf8.dropFirst(offset))
    }
}
