// SPDX-License-Identifier: Apache-2.0

// Changes, splits and routes records between a source and two sinks.

// snippet.show
import ConnectRuntimeKit
import FileConnector
import OpenConnect

let orders = try FieldsFunction([
    .move("data.kind", to: "type"),
    .cast("data.total", to: .decimal),
    .mask("data.customer.card", with: .string("****")),
    .set("subject", from: RecordTemplate(text: "orders/${data.id}")),
])
let items = try SplitFunction(at: "data.items", passesOthers: true)
let route = RouteFunction([.init(.equals("type", .string("return")), to: "returns")], otherwise: ["orders"])

var options = DeliveryOptions()
options.rateLimit = RateLimit(recordsPerSecond: 500, bytesPerSecond: 1_000_000, burst: .seconds(2))

try await Pipeline(
    "shop",
    from: FileSource(paths: ["shop.jsonl"]),
    through: [orders.when(.exists("data.kind")), items, route],
    to: [NamedSink("orders", FileSink(path: "orders.jsonl")), NamedSink("returns", FileSink(path: "returns.jsonl"))],
    offsets: FileOffsetStore(directory: "state"),
    options: options
).run()
