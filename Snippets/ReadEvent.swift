// SPDX-License-Identifier: Apache-2.0

// Reads a CloudEvents event from JSON, changes it, and writes it again.

// snippet.show
import CloudEventsCodec

let format = JSONEventFormat()
let json = #"{"specversion":"1.0","id":"7","source":"/orders","type":"order.created","data":{"total":12.50}}"#
var event = try format.decode(Array(json.utf8))
try event.setSubject("order-7")
event.data = try .json(#"{"total":12.50,"currency":"EUR"}"#)
let bytes = try format.encode(event)
print(String(decoding: bytes, as: UTF8.self))
