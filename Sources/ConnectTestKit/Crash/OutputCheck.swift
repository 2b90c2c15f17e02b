// SPDX-License-Identifier: Apache-2.0

/// What an output holds, line by line, compared with what it should hold: every line of the inputs once, in the order of
/// its input.
///
/// The lines of several inputs may be interleaved in any way. A text that occurs in several inputs weakens the check of the
/// order, so give the lines of a test a number and the name of their input. Two files of 200 000 lines that agree take a
/// fraction of a second without the optimizer.
public struct OutputCheck: Sendable, Hashable {
    /// Lines with which something is wrong.
    public struct Finding: Sendable, Hashable {
        /// How many there are.
        public internal(set) var count = 0
        /// The first few of them, shortened, each with its number, from 1: in its input for a lost one, else in the output.
        public internal(set) var examples: [String] = []

        mutating func add(_ line: Line, number: Int, in place: String) {
            count += 1
            if examples.count < 3 { examples.append("\(place) line \(number) \"\(line.text)\"") }
        }
    }

    /// How many lines the inputs have.
    public internal(set) var expected = 0
    /// How many lines the output has.
    public internal(set) var found = 0
    /// Lines of the inputs that are not in the output.
    public internal(set) var lost = Finding()
    /// Lines of the output that were there already, more often than in the inputs.
    public internal(set) var repeated = Finding()
    /// Lines of the output that stand behind a line of the same input that comes later there.
    public internal(set) var misplaced = Finding()
    /// Lines of the output that are in no input, such as halves of lines.
    public internal(set) var foreign = Finding()
    /// Whether the last line of the output lacks its newline.
    public internal(set) var endsMidLine = false

    /// Whether the output is what it should be.
    public var isExact: Bool {
        !endsMidLine && lost.count + repeated.count + misplaced.count + foreign.count == 0
    }

    /// Compares files. Nothing may change them meanwhile.
    ///
    /// - Parameters:
    ///   - output: the path of the output.
    ///   - inputs: the paths of the inputs. A last line without a newline counts as a line.
    ///   - payload: which bytes of an output line, without its newline, are the input's line: all of them, unless the
    ///     output wraps the lines in something else; `nil` makes the line a foreign one.
    /// - Throws: ``CrashTestError`` with the code `unreadable`.
    public init(
        output: String,
        inputs: [String],
        payload: ((_ line: UnsafeRawBufferPointer) -> Range<Int>?)? = nil
    ) throws {
        self = try withMappedFile(output) { output in
            try withMappedFiles(inputs[...]) { OutputCheck(output, $0, payload) }
        }
    }

    /// Compares texts of lines.
    ///
    /// - Parameters:
    ///   - output: what was written.
    ///   - inputs: the expected texts.
    public init(output: [UInt8], inputs: [[UInt8]]) {
        let joined = inputs.flatMap(\.self)
        self = output.withUnsafeBytes { output in
            joined.withUnsafeBytes { all in
                var end = 0
                let parts = inputs.map { input in
                    defer { end += input.count }
                    return UnsafeRawBufferPointer(rebasing: all[end..<end + input.count])
                }
                return OutputCheck(output, parts, nil)
            }
        }
    }

    private init(
        _ output: UnsafeRawBufferPointer,
        _ inputs: [UnsafeRawBufferPointer],
        _ payload: ((UnsafeRawBufferPointer) -> Range<Int>?)?
    ) {
        let ledger = LineLedger(output, inputs, payload)
        self = ledger.ifExact() ?? ledger.examine()
    }

    init() {}
}

extension OutputCheck: CustomStringConvertible {
    /// The counts, and examples of what is wrong.
    public var description: String {
        let kinds = [("lost", lost), ("repeated", repeated), ("misplaced", misplaced), ("foreign", foreign)]
        let wrong = kinds.filter { $0.1.count > 0 }.map { name, finding in
            "\(finding.count) \(name) (\(finding.examples.joined(separator: ", "))\(finding.count > 3 ? ", …" : ""))"
        }
        let parts = wrong + (endsMidLine ? ["the last line has no newline"] : [])
        return "\(found) lines of \(expected): " + (parts.isEmpty ? "exact" : parts.joined(separator: "; "))
    }
}
