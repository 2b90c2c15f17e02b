// SPDX-License-Identifier: Apache-2.0

enum HelpText {
    static var text: String {
        """
        Validates, converts and inspects CloudEvents, from standard input to standard output.

        USAGE
          cloudevents validate [--from FORM] [--no-extensions]
          cloudevents convert  [--from FORM] --to FORM
          cloudevents inspect  [--from FORM] [--json]

        COMMANDS
          validate          Prints a line for each event, or says what is wrong with it: where (line and column, or the
                            byte), which attribute, which rule of the specification, and what to do. The documented
                            extensions that an event uses are checked too.
          convert           Writes the events in another form. Nothing is written where one of them is not valid.
          inspect           Prints each event's attributes with their types and rules, the kind and size of its data, and
                            the documented extensions that it uses, with what is wrong with them.

        OPTIONS
          --from FORM       The form of the input. Without it, or with 'auto', it is found out.
          --to FORM         The form of the output.
          --no-extensions   Does not check the documented extensions.
          --json            Prints JSON for programs.
          --help            Prints this text.

        FORMS
        \(forms)

        STATUS
          0  done: all events are valid
          1  an event is not valid, or cannot be written in the form, or standard input or output fails: the message says why
          2  the command line is wrong
        """
    }

    private static var forms: String {
        let width = (EventForm.all.map(\.name.count).max() ?? 0) + 2
        return EventForm.all.map { form in
            "  " + form.name + String(repeating: " ", count: width - form.name.count) + form.summary
        }.joined(separator: "\n")
    }
}
