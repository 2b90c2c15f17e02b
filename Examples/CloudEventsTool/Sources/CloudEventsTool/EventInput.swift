// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// All events of an input.
struct EventInput {
    let form: EventForm
    let bytes: SharedBytes
    let readings: [EventReading]

    /// Reads the input in a form, or in the form that it seems to have.
    init(_ form: EventForm?, _ bytes: SharedBytes) throws(UndetectedForm) {
        guard let form = form ?? FormDetection.form(of: bytes) else { throw UndetectedForm(isEmpty: bytes.isEmpty) }
        self.form = form
        self.bytes = bytes
        readings = form.read(bytes)
    }

    /// The events that could be read.
    var events: [CloudEvent] { readings.compactMap { try? $0.get() } }

    /// The errors with the numbers of their events, from 1 on.
    var failures: [(number: Int, error: CloudEventError)] {
        readings.enumerated().compactMap { index, reading in
            if case .failure(let error) = reading { (index + 1, error) } else { nil }
        }
    }
}

/// The input has no form that is known.
struct UndetectedForm: Error, CustomStringConvertible {
    let isEmpty: Bool

    var description: String {
        isEmpty
            ? "the input is empty; events are read from standard input"
            : "the form of the input could not be found out; name it with --from FORM"
    }
}
