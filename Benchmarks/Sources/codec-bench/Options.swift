// SPDX-License-Identifier: Apache-2.0

/// What the command line asks for.
struct Options {
    var payload: String?
    var batch: String?
    var runs = 9
    /// The cases to measure; all where there are none.
    var only: [String] = []
    /// The case whose input is printed instead of measured.
    var input: String?
    var isHelp = false

    static let usage = """
        Usage: codec-bench [--payload FILE] [--batch FILE] [--runs N] [--only NAME,...]
               codec-bench [--payload FILE] [--batch FILE] --input NAME

        Measures the codec on one thread and prints a line of JSON for each case: the median over the runs of the
        nanoseconds per event, and how often memory is allocated per event, counted in a run of its own; null where
        that cannot be counted.

          --payload FILE   an event in JSON; without it an event of 400 bytes that is built in
          --batch FILE     a batch of events in JSON; without it 100 events like the one that is built in
          --runs N         how many runs the median is of, 7 or more (default: 9); each lasts 50 ms or more
          --only NAME,...  measure these cases only
          --input NAME     print the bytes that a case reads and end

        Cases: 
        """

    /// Reads the arguments; `nil` where they are not valid.
    init?(_ arguments: [String]) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--help" || option == "-h" {
                isHelp = true
                continue
            }
            guard let value = rest.popFirst(), set(option, to: value) else { return nil }
        }
    }

    private mutating func set(_ option: String, to value: String) -> Bool {
        switch option {
        case "--payload": payload = value
        case "--batch": batch = value
        case "--only": only = value.split(separator: ",").map(String.init)
        case "--input": input = value
        case "--runs":
            guard let number = Int(value), (7...100_000).contains(number) else { return false }
            runs = number
        default: return false
        }
        return !(option == "--only" && only.isEmpty)
    }
}
