// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// A form in which the tool reads and writes events.
struct EventForm: Sendable {
    /// What one input holds.
    enum Capacity {
        case one, many
    }

    /// The name on the command line.
    let name: String
    /// What it is, for the help.
    let summary: String
    /// Whether places in the input are told by line and column, not by byte.
    let isText: Bool
    /// Whether there can be several events, or none.
    let capacity: Capacity
    /// Reads all events of an input; what cannot be read is an error in its place.
    let read: @Sendable (SharedBytes) -> [EventReading]
    /// Writes events: one, where the capacity is one.
    let write: @Sendable ([CloudEvent]) throws(CloudEventError) -> SharedBytes
}

/// An event that was read, or why it could not be. The error's offset counts from the beginning of the input.
typealias EventReading = Result<CloudEvent, CloudEventError>

extension EventForm {
    /// All forms that there are formats and bindings for.
    static let all: [EventForm] = formats + [jsonLines] + http + messages

    static func named(_ name: String) -> EventForm? { all.first { $0.name == name } }
}

extension CloudEventError {
    /// The same error in a larger input, in which the text it is about begins at a place.
    func moved(by start: Int) -> CloudEventError {
        var copy = self
        copy.offset = (offset ?? 0) + start
        return copy
    }

    /// The same error in an input that holds the body, which it counts bytes in, in another shape.
    func inBody(ofMessageAt start: Int) -> CloudEventError {
        var copy = self
        if let offset { copy.message += " (byte \(offset) of the body)" }
        copy.offset = start
        return copy
    }
}
