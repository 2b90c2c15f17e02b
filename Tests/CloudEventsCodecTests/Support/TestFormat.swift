// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A format that is JSON under another name, without batches, to see that formats are found by content type.
struct TestFormat: EventFormat {
    var contentType: String { "application/cloudevents+test" }
    var limits = CodecLimits()

    func decode(_ bytes: SharedBytes) throws(CloudEventError) -> CloudEvent {
        try JSONEventFormat(limits: limits).decode(bytes)
    }

    func encode(_ event: CloudEvent) throws(CloudEventError) -> SharedBytes {
        try JSONEventFormat().encode(event)
    }
}
