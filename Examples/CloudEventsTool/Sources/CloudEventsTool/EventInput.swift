// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// All events of an input.
struct EventInput {
    let form: EventForm
    let bytes: SharedBytes
    let readings: [EventReading]
    /// Finds lines and columns, where somebody has to look for what is wrong.
    let places: TextPlaces?
    private let isGuessed: Bool

    /// Reads the input in a form, or in the form that it seems to have.
    init(_ form: EventForm?, _ bytes: SharedBytes) throws(UndetectedForm) {
        isGuessed = form == nil
        let unmarked = bytes.withoutByteOrderMark
        guard let form = form ?? FormDetection.form(of: unmarked) else { throw UndetectedForm(isEmpty: bytes.isEmpty) }
        let bytes = form.isText ? unmarked : bytes
        self.form = form
        self.bytes = bytes
        readings = form.read(bytes)
        places = form.isText && readings.contains(where: \.isFailure) ? TextPlaces(bytes) : nil
    }

    /// What to do where nothing could be read in the form that the input seemed to have.
    var advice: [String] {
        guard isGuessed, form.isGuesswork, !readings.isEmpty, readings.allSatisfy(\.isFailure) else { return [] }
        return ["the input was taken for \(form.name); where it is something else, name that with --from FORM"]
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

extension SharedBytes {
    /// What is behind the mark that some editors put in front of a text.
    fileprivate var withoutByteOrderMark: SharedBytes {
        starts(with: [0xEF, 0xBB, 0xBF]) ? slice(3..<count) : self
    }
}
