// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// `cloudevents validate`
struct ValidateCommand {
    struct Options {
        var from: EventForm?
        var checksExtensions = true
    }

    let options: Options

    init(_ options: Options) {
        self.options = options
    }

    func run(_ input: EventInput) -> CommandResult {
        var result = CommandResult()
        var output = ""
        for (index, reading) in input.readings.enumerated() {
            switch reading {
            case .success(let event):
                let errors = options.checksExtensions ? event.extensionErrors() : []
                result.messages += errors.map { ErrorReport($0, event: index + 1, of: input).line }
                if errors.isEmpty {
                    output += "event \(index + 1): valid, \(event.type) from \(event.source), id \(event.id)\n"
                }
            case .failure(let error):
                result.messages.append(ErrorReport(error, event: index + 1, of: input).line)
            }
        }
        result.messages += input.advice
        result.output = SharedBytes(utf8: output)
        result.status = result.messages.isEmpty ? .done : .failed
        return result
    }
}
