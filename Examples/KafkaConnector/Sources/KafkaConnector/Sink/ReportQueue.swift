// SPDX-License-Identifier: Apache-2.0

import CRdKafka

/// The queue to which librdkafka adds delivery reports.
struct ReportQueue: @unchecked Sendable {
    let pointer: OpaquePointer?

    /// Passes all reports on to their puts, and frees them with their messages.
    ///
    /// - Returns: whether there were any.
    func collect() -> Bool {
        var hasCollected = false
        while let event = rd_kafka_queue_poll(pointer, 0) {
            if rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR { PutReports.distribute(event) }
            rd_kafka_event_destroy(event)
            hasCollected = true
        }
        return hasCollected
    }

    func close() {
        rd_kafka_queue_cb_event_enable(pointer, nil, nil)
        rd_kafka_queue_destroy(pointer)
    }
}
