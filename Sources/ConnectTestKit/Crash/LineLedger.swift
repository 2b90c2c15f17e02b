// SPDX-License-Identifier: Apache-2.0

/// Compares the lines of an output with those of its inputs.
struct LineLedger {
    private let output: UnsafeRawBufferPointer
    private let inputs: [UnsafeRawBufferPointer]
    private let payload: ((UnsafeRawBufferPointer) -> Range<Int>?)?

    init(
        _ output: UnsafeRawBufferPointer,
        _ inputs: [UnsafeRawBufferPointer],
        _ payload: ((UnsafeRawBufferPointer) -> Range<Int>?)?
    ) {
        self.output = output
        self.inputs = inputs
        self.payload = payload
    }

    /// The short way: each line of the output is the next one of some input. `nil` if that is not so.
    func ifExact() -> OutputCheck? {
        if LineCursor.endsMidLine(output) { return nil }
        var check = OutputCheck()
        var cursors = inputs.map { LineCursor($0) }
        var heads = cursors.indices.map { cursors[$0].next() }
        var lines = LineCursor(output)
        var last = 0
        while let whole = lines.next() {
            guard let line = unwrap(whole) else { return nil }
            if heads.isEmpty { return nil }
            // Neighbours mostly come from the same input.
            if heads[last] != line {
                guard let other = heads.firstIndex(of: line) else { return nil }
                last = other
            }
            heads[last] = cursors[last].next()
            check.found += 1
        }
        check.expected = check.found
        return heads.allSatisfy { $0 == nil } ? check : nil
    }

    private func unwrap(_ line: Line) -> Line? {
        guard let payload else { return line }
        return payload(line.bytes).map { Line(bytes: UnsafeRawBufferPointer(rebasing: line.bytes[$0])) }
    }

    /// The long way, which knows for every line of the inputs whether it was seen.
    func examine() -> OutputCheck {
        var check = OutputCheck()
        check.endsMidLine = LineCursor.endsMidLine(output)
        var expectations = Expectations(inputs)
        check.expected = expectations.count
        var lines = LineCursor(output)
        while let whole = lines.next() {
            check.found += 1
            guard let line = unwrap(whole) else {
                check.foreign.add(whole, number: check.found, in: "output")
                continue
            }
            switch expectations.see(line) {
            case .inOrder: break
            case .misplaced: check.misplaced.add(line, number: check.found, in: "output")
            case .repeated: check.repeated.add(line, number: check.found, in: "output")
            case .foreign: check.foreign.add(line, number: check.found, in: "output")
            }
        }
        expectations.forEachUnseen { line, input, number in
            check.lost.add(line, number: number, in: inputs.count > 1 ? "input \(input + 1)" : "input")
        }
        return check
    }
}

/// All lines that an output should have, and which of them it had.
private struct Expectations {
    enum Verdict { case inOrder, misplaced, repeated, foreign }

    private var lines: [Line] = []
    private var isSeen: [Bool]
    /// The first line of each input, and the end.
    private var bounds: [Int] = [0]
    /// The furthest line of each input that was seen.
    private var furthest: [Int]
    /// For each text, the lines that have it and were not seen, in order.
    private var unseen: [Line: ArraySlice<Int>] = [:]

    var count: Int { lines.count }

    init(_ inputs: [UnsafeRawBufferPointer]) {
        for input in inputs {
            var cursor = LineCursor(input)
            while let line = cursor.next() {
                unseen[line, default: []].append(lines.count)
                lines.append(line)
            }
            bounds.append(lines.count)
        }
        isSeen = Array(repeating: false, count: lines.count)
        furthest = Array(repeating: -1, count: inputs.count)
    }

    mutating func see(_ line: Line) -> Verdict {
        guard let candidates = unseen[line] else { return .foreign }
        guard let index = candidates.first else { return .repeated }
        unseen[line] = candidates.dropFirst()
        isSeen[index] = true
        let input = self.input(of: index)
        if index < furthest[input] { return .misplaced }
        furthest[input] = index
        return .inOrder
    }

    private func input(of index: Int) -> Int {
        bounds.lastIndex { $0 <= index } ?? 0
    }

    func forEachUnseen(_ body: (_ line: Line, _ input: Int, _ number: Int) -> Void) {
        for (index, line) in lines.enumerated() where !isSeen[index] {
            let input = self.input(of: index)
            body(line, input, index - bounds[input] + 1)
        }
    }
}
