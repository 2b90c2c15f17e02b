// SPDX-License-Identifier: Apache-2.0

/// Pieces of events in XML.
enum XMLDocument {
    static let declarations =
        #"xmlns:ce="http://cloudevents.io/xmlformat/V1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" "#
        + #"xmlns:xs="http://www.w3.org/2001/XMLSchema""#
    static let required = "<ce:id>1</ce:id><ce:source>/s</ce:source><ce:type>t</ce:type>"
    static let start = "<ce:event \(declarations) specversion=\"1.0\">"

    /// An event with further elements behind the required ones.
    static func event(_ elements: String) -> String { start + required + elements + "</ce:event>" }
}
