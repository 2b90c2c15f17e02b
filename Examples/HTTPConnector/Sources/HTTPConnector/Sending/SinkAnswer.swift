// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import NIOHTTP1

/// What a target answered.
struct SinkAnswer: Sendable {
    let status: Int
    private let fields: HTTPHeaders
    /// The beginning of the body, on one line and without the sink's secrets.
    var excerpt = ""

    init(_ status: Int, _ fields: HTTPHeaders) {
        self.status = status
        self.fields = fields
    }

    var isSuccess: Bool { (200..<300).contains(status) }
    var headers: [MessageHeader] { fields.map { MessageHeader($0.name, $0.value) } }
    var location: String? { fields.first(name: "Location") }
}
