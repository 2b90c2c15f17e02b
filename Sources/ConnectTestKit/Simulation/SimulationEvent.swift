// SPDX-License-Identifier: Apache-2.0

import ConnectRuntimeKit
import OpenConnect

/// Names one entry of the simulated upstream, or one of the records that a function made of it.
package struct RecordRef: Sendable, Hashable, CustomStringConvertible {
    package var partition: Int
    package var number: Int
    /// Counted from 0 among the records that became of the entry.
    package var part = 0

    package var description: String { part == 0 ? "\(partition)/\(number)" : "\(partition)/\(number).\(part)" }

    /// The entry that it comes from.
    var entry: RecordRef { RecordRef(partition: partition, number: number) }
}

/// A guarantee that did not hold.
package struct SimulationViolation: Sendable, CustomStringConvertible {
    /// The number of the guarantee or scenario, such as `G5`.
    package var guarantee: String
    package var message: String

    package var description: String { "\(guarantee): \(message)" }
}

/// Something that happened in the simulated world.
package struct SimulationEvent: Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        case began(SimulatedCall, Int, [RecordRef])
        case did(SimulatedCall, Int, [RecordRef])
        case threw(SimulatedCall, Int, String)
        case polled(PollAnswer)
        case saved([RecordRef])
        case note(String)
    }

    package var nanoseconds: Int64
    /// The number of the process, or 0 for the world itself.
    package var process: Int
    package var kind: Kind

    package var description: String {
        let time = "\(nanoseconds / 1_000_000).\(String(nanoseconds / 1000 % 1000 + 1000).dropFirst()) ms"
        let padding = String(repeating: " ", count: max(0, 14 - time.count))
        return "\(padding)\(time)  [\(process)] \(text)"
    }

    private var text: String {
        switch kind {
        case .began(let call, let number, let refs): "\(call.rawValue) #\(number)\(Self.list(refs)) ..."
        case .did(let call, let number, let refs): "    \(call.rawValue) #\(number) done\(Self.list(refs))"
        case .threw(let call, let number, let error): "    \(call.rawValue) #\(number) threw \(error)"
        case .polled(let answer):
            "    polled\(answer.isEmpty ? " nothing" : Self.list(answer.records))\(Self.rest(answer))"
        case .saved(let refs): "    saved\(Self.list(refs))"
        case .note(let note): note
        }
    }

    private static func rest(_ answer: PollAnswer) -> String {
        var text = answer.marks.isEmpty ? "" : ", marks" + list(answer.marks)
        if let (index, ref) = answer.rejected { text += ", \(ref) rejected in front of \(index)" }
        if answer.isEnd { text += ", the end" }
        if let quiet = answer.quiet { text += ", quiet for \(quiet)" }
        return text
    }

    /// The records with what follows one another in a partition drawn together.
    private static func list(_ refs: [RecordRef]) -> String {
        var runs: [(first: RecordRef, last: Int)] = []
        for ref in refs {
            if let run = runs.last, run.first.partition == ref.partition, run.last + 1 == ref.number, ref.part == 0 {
                runs[runs.count - 1].last = ref.number
            } else {
                runs.append((ref, ref.number))
            }
        }
        let parts = runs.map { $0.first.number == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)" }
        return parts.isEmpty ? "" : " " + parts.joined(separator: " ")
    }
}
