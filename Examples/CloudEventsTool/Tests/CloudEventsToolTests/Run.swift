// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import CloudEventsTool

/// The command's result with its output as text.
struct Run {
    let status: Int32
    let output: String
    let bytes: SharedBytes
    let messages: [String]

    /// Runs the command in this process.
    init(_ arguments: String, _ input: String = "") {
        self.init(arguments, bytes: SharedBytes(utf8: input))
    }

    init(_ arguments: String, bytes input: SharedBytes) {
        let result = CloudEventsCommand.run(arguments.split(separator: " ").map(String.init)) { input }
        status = result.status.rawValue
        output = String(decodingUTF8: result.output)
        bytes = result.output
        messages = result.messages
    }
}

/// Events in JSON.
enum Example {
    static let core = #""specversion":"1.0","id":"1","source":"/s","type":"t""#
    static let event = "{\(core)}"
    static let full = #"""
        {\#(core),"subject":"é","time":"2025-01-01T00:00:00Z","datacontenttype":"application/json",\#
        "dataschema":"https://example.com/s","severitynumber":9,"flag":true,"note":"n","data":{"a":[1.50,null]}}
        """#
}
