// SPDX-License-Identifier: Apache-2.0

// Composes an event and writes it as an HTTP request, in binary and in structured mode.

// snippet.show
import CloudEventsCodec

let event = try CloudEvent(
    id: "7",
    source: "/orders",
    type: "com.example.order.created",
    dataContentType: "application/json",
    extensions: ["priority": 5],
    data: .json(#"{"total":12.50}"#)
)
let request = try HTTPBinding().encode(event)
for header in request.headers { print("\(header.name): \(header.value)") }
print(String(decodingUTF8: request.body ?? SharedBytes()))

let structured = try HTTPBinding().encode(event, as: .structured(JSONEventFormat()))
// snippet.hide
print(structured)
