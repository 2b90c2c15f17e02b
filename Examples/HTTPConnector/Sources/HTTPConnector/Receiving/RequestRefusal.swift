// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Why a request is not taken, and what its sender is told.
struct RequestRefusal: Error {
    let status: Int
    /// For the sender; without secrets.
    let reason: String
    var headers: [MessageHeader] = []

    init(_ status: Int, _ reason: String, headers: [MessageHeader] = []) {
        self.status = status
        self.reason = reason
        self.headers = headers
    }

    /// A request whose event could not be read.
    init(_ error: CloudEventError) {
        let response = WebhookResponse(refusing: error)
        self.init(response.status, response.reason ?? error.description, headers: response.headers)
    }

    /// A response of the webhook specification that refuses.
    init(_ response: WebhookResponse) {
        self.init(response.status, response.reason ?? "the request is refused", headers: response.headers)
    }
}
