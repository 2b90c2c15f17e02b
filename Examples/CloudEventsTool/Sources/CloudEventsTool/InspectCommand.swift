// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// `cloudevents inspect`
struct InspectCommand {
    struct Options {
        var from: EventForm?
        var isJSON = false
    }

    let options: Options

    init(_ options: Options) {
        self.options = options
    }

    func run(_ input: EventInput) -> CommandResult {
        let inspections = input.readings.enumerated().compactMap { index, reading in
            (try? reading.get()).map { EventInspection($0, number: index + 1) }
        }
        let errors = input.failures.map { ErrorReport($0.error, event: $0.number, of: input) }
        let isWrong = !errors.isEmpty || inspections.contains { !$0.errors.isEmpty }
        var result = CommandResult(status: isWrong ? .failed : .done)
        if options.isJSON {
            var writer = JSONWriter()
            var object = JSONObject(&writer)
            object.member("form", input.form.name, &writer)
            object.member("events", inspections, &writer) { $0.write(to: &$1) }
            object.member("errors", errors, &writer) { $0.write(to: &$1) }
            object.end(&writer)
            writer.writeRaw("\n")
            result.output = writer.finish()
        } else {
            result.output = SharedBytes(utf8: inspections.map(\.text).joined(separator: "\n"))
            result.messages = errors.map(\.line) + input.advice
        }
        return result
    }
}
