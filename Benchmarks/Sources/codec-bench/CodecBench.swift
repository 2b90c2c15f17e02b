// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Measures the codec and prints one JSON line per case; see ``Options``.
@main
struct CodecBench {
    static func main() {
        let usage = Options.usage + Cases.all.map(\.name).joined(separator: " ")
        guard let options = Options(Array(CommandLine.arguments.dropFirst())), options.areCasesKnown else {
            StandardStreams.printError(usage)
            StandardStreams.exit(2)
        }
        if options.isHelp { return print(usage) }
        do {
            try run(options)
        } catch {
            StandardStreams.printError("codec-bench: \(error)")
            StandardStreams.exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        let inputs = try Inputs(payload: contents(options.payload), batch: contents(options.batch))
        if let name = options.input {
            for lazy in Cases.all where lazy.name == name { StandardStreams.printBytes(try lazy.make(inputs).input) }
            return
        }
        var hasFailed = false
        for lazy in Cases.all where options.only.isEmpty || options.only.contains(lazy.name) {
            do {
                StandardStreams.printBytes(
                    Array("\(try Measurement(of: lazy.make(inputs), runs: options.runs))\n".utf8)
                )
            } catch {
                // An event need not have a form in every format.
                StandardStreams.printError("codec-bench: \(lazy.name): \(error)")
                hasFailed = true
            }
        }
        if hasFailed { StandardStreams.exit(1) }
    }

    private static func contents(_ path: String?) throws -> [UInt8]? {
        guard let path else { return nil }
        guard let bytes = StandardStreams.contents(of: path) else { throw Impossible(what: "cannot read \(path)") }
        return bytes
    }
}

extension Options {
    fileprivate var areCasesKnown: Bool {
        let names = Set(Cases.all.map(\.name))
        return (only + [input].compactMap { $0 }).allSatisfy { names.contains($0) }
    }
}
