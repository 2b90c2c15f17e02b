// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// `cloudevents convert`
struct ConvertCommand {
    struct Options {
        var from: EventForm?
        var to: EventForm
    }

    let options: Options

    init(_ options: Options) {
        self.options = options
    }

    func run(_ input: EventInput) -> CommandResult {
        let failures = input.failures
        guard failures.isEmpty else {
            return CommandResult(
                status: .failed,
                messages: failures.map { ErrorReport($0.error, event: $0.number, of: input).line } + input.advice
            )
        }
        let events = input.events
        guard options.to.capacity == .many || events.count == 1 else {
            let message =
                "the form \(options.to.name) holds one event, but there are \(events.count); use a form for many"
            return CommandResult(status: .failed, messages: [message])
        }
        do throws(CloudEventError) {
            return CommandResult(output: try options.to.write(events))
        } catch {
            return CommandResult(status: .failed, messages: [Self.refusal(error, of: events, options.to)])
        }
    }

    /// Says which event cannot be written: the first that cannot be written alone.
    private static func refusal(_ error: CloudEventError, of events: [CloudEvent], _ form: EventForm) -> String {
        guard let index = events.firstIndex(where: { (try? form.write([$0])) == nil }) else {
            return "the events cannot be written as \(form.name): \(error)"
        }
        return "event \(index + 1): it cannot be written as \(form.name): \(error)"
    }
}
