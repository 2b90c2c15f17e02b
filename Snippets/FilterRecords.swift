// SPDX-License-Identifier: Apache-2.0

// Filters records by their attributes and their data, in three languages.

// snippet.show
import ConnectRuntimeKit
import OpenConnect

let (orders, paid) = (InMemoryLog(), InMemoryLog())
let pipeline = Pipeline(
    "orders",
    from: InMemorySource(orders),
    through: [
        try .filter(.sql("type = 'com.example.order' AND EXISTS subject")),
        try .filter(.subscription(#"{ "prefix": { "subject": "shops/berlin/" } }"#)),
        try .filter(
            .pattern(#"{ "data": { "status": ["paid"], "total": [{ "numeric": [">=", 100] }] } }"#)
        ),
    ],
    to: InMemorySink(paid),
    offsets: InMemoryOffsetStore()
)
// snippet.hide

for (status, total) in [("paid", 249), ("paid", 5), ("open", 300)] {
    var order = ConnectorRecord(.structured(.object(["status": .string(status), "total": .integer(Int64(total))])))
    order.type = "com.example.order"
    order.subject = "shops/berlin/4711"
    orders.append(contentsOf: [order])
}
orders.finish()
try await pipeline.run()
precondition(paid.texts.count == 1)
