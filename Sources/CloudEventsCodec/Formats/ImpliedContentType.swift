// SPDX-License-Identifier: Apache-2.0

extension CloudEvent {
    /// All attributes, with the content type that JSON without one has (J6), for a format in which nothing else would
    /// say that the data is JSON (C15).
    func attributesNamingJSON() throws(CloudEventError) -> [Attribute] {
        guard data.kind == .json, dataContentType == nil else { return attributes }
        var copy = self
        try copy.setDataContentType("application/json")
        return copy.attributes
    }
}
