// SPDX-License-Identifier: Apache-2.0

// Reads an event from an HTTP request of any mode, and answers with an event.

// snippet.show
import CloudEventsCodec

func answer(_ headers: [(name: String, value: String)], _ body: [UInt8]) -> (status: Int, message: HTTPMessage?) {
    let binding = HTTPBinding()
    let request = HTTPMessage(
        headers: headers.map { MessageHeader($0.name, $0.value) },
        body: SharedBytes(body)
    )
    do throws(CloudEventError) {
        let order = try binding.decode(request)
        let invoice = try CloudEvent(
            id: order.id,
            source: "/billing",
            type: "com.example.invoice.created",
            data: .json(#"{"paid":false}"#)
        )
        return (200, try binding.encode(invoice))
    } catch {
        print(error)
        return (error.code == .unsupportedFormat ? 415 : 400, nil)
    }
}
// snippet.hide
let headers = [("ce-specversion", "1.0"), ("ce-id", "7"), ("ce-source", "/orders"), ("ce-type", "order.created")]
print(answer(headers, []))
