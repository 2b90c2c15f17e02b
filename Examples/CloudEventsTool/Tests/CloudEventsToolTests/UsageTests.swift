// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import CloudEventsTool
import Testing

/// What the command says to a command line.
struct UsageTests {
    @Test(
        "A wrong command line is refused with what was meant",
        arguments: [
            ("", "'validate', 'convert' or 'inspect'"), ("valdate", "did you mean 'validate'?"),
            ("xyz", "'xyz' is no command"), ("validate --form json", "did you mean '--from'?"),
            ("validate --json", "--no-extensions"), ("validate event.json", "standard input"),
            ("inspect --jsn", "did you mean '--json'?"), ("inspect --json=yes", "--json takes no value"),
            ("validate --from", "--from needs a value"), ("validate --from=", "--from needs a value"),
            ("validate --from json --from json", "--from is given twice"), ("convert", "--to FORM"),
            ("convert --to auto", "'auto' is no form"), ("convert --to jsn", "did you mean 'json'?"),
            ("validate --from yaml", "'yaml' is no form"),
        ]
    )
    func refused(arguments: String, says: String) {
        let result = CloudEventsCommand.run(arguments.split(separator: " ").map(String.init)) {
            Issue.record("nothing has to be read for that")
            return SharedBytes()
        }
        #expect(result.status == .usage && result.output.isEmpty)
        #expect(result.messages.count == 2 && result.messages[0].contains(says), "\(result.messages)")
        #expect(result.messages[1] == "Try 'cloudevents --help'.")
    }

    @Test("The help tells every command, option and form", arguments: ["--help", "-h", "help", "convert --help"])
    func help(_ arguments: String) {
        let result = Run(arguments)
        #expect(result.status == 0 && result.messages.isEmpty)
        for word in [
            "validate", "convert", "inspect", "--from", "--to", "--no-extensions", "--json", "jsonl", "STATUS",
        ] {
            #expect(result.output.contains(word))
        }
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("What cannot be read is said", arguments: ["validate", "inspect", "convert --to json"])
    func unreadable(_ arguments: String) {
        for input in ["", " \n", "garbage"] {
            let result = Run(arguments, input)
            #expect(result.status == 1 && result.output.isEmpty)
            #expect(result.messages.count == 1)
        }
        #expect(Run(arguments, "").messages.first?.contains("empty") == true)
        #expect(Run(arguments, "garbage").messages.first?.contains("--from FORM") == true)
    }
}
