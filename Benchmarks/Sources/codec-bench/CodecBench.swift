// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Measures the codec and prints one JSON line per case; see ``Options``.
@main
struct CodecBench {
    static func main() {
        let usage = Options.usage + Cases.all.map(\.name).joined(separator: " ")
        guard let options = Options(Array(CommandLine.arguments.dropFirst())), options.areCasesKnown else {
            StandardStreams.printError(usage)
            StandardStreams.end(2)
        }
        if options.isHelp { return StandardStreams.printLine(usage) }
        do {
            try run(options)
        } catch {
            StandardStreams.printError("codec-bench: \(error)")
            StandardStreams.end(1)
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
                StandardStreams.printLine("\(try Measurement(of: lazy.make(inputs), runs: options.runs))")
            } catch {
                // An event need not have a form in every format.
                StandardStreams.printError("codec-bench: \(lazy.name): \(error)")
                hasFailed = true
            }
        }
        if hasFailed { StandardStreams.end(1) }
    }

    private static func contents(_ path: String?) throws -> [UInt8]? {
        guard let path else { return nil }
        guard let bytes = StandardStreams.contents(of: path) else { throw BenchmarkError("cannot read \(path)") }
        return bytes
    }
}

extension Options {
    fileprivate var areCasesKnown: Bool {
        let names = Set(Cases.all.map(\.name))
        return (only + [input].compactMap { $0 }).allSatisfy { names.contains($0) }
    }
}
