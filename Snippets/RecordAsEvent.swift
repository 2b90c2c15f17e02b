// SPDX-License-Identifier: Apache-2.0

// Gives records the attributes of events, and turns one into an event and back.

// snippet.show
import CloudEventsCodec
import OpenConnect

let orders = RecordPartition(
    "orders",
    defaults: RecordDefaults(source: "/shop", type: "com.example.order", contentType: "application/json")
)
var record = ConnectorRecord(#"{"total":12.50}"#, partition: orders, offset: RecordOffset(42))
record.key = "customer-7"
record.subject = "orders/42"
record[extension: "priority"] = 5

let event = try record.event(defaults: EventDefaults(pipeline: "shop", connectorType: "table"))
print(event.id, event.source, event.type)
print(String(decoding: try JSONEventFormat().encode(event), as: UTF8.self))

let again = ConnectorRecord(event: event)
// snippet.hide
precondition(again.key == record.key && again.data == record.data)
precondition(event.id == "orders:42")
