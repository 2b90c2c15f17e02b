// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

/// What names and values of headers have to be, so that no record and no setting can add a header of its own making.
enum SinkHeaders {
    private static let reserved: Set<String> = [
        "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// Refuses a configured header that is none, or that the sink sets itself.
    static func checkSetting(_ name: String, _ value: Secret) throws(SettingFlaw) {
        let lowercased = name.lowercased()
        guard isName(name) else {
            throw SettingFlaw("headers", "'\(LineText.escaped(name, limit: 60))' is no name of a header")
        }
        let isReserved = reserved.contains(lowercased) || lowercased.hasPrefix("ce-")
        guard !isReserved, !lowercased.hasPrefix("webhook-request-") else {
            throw SettingFlaw("headers", "the sink sets the header '\(name)' itself; leave it out")
        }
        guard isValue(value.reveal()) else {
            throw SettingFlaw("headers", "the value of the header '\(name)' has a line break or a control character")
        }
    }

    /// Refuses headers of an event that cannot be sent as they are.
    ///
    /// - Throws: `invalidRecord`, without the value.
    static func check(_ headers: [MessageHeader]) throws(ConnectorError) {
        for header in headers {
            guard isName(header.name) else {
                let name = LineText.escaped(header.name, limit: 60)
                throw ConnectorError(.invalidRecord, "'\(name)' cannot be the name of an HTTP header")
            }
            guard isValue(header.value) else {
                throw ConnectorError(
                    .invalidRecord,
                    "the header '\(header.name)' would hold a line break or a control character"
                )
            }
        }
    }

    /// Whether a text is a token (RFC 9110, section 5.6.2).
    static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Whether a text can be the value of a header (RFC 9110, section 5.5): no control characters but the tabulator.
    static func isValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
