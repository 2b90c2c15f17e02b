// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One line of a vector file.
struct Vector {
    let id: String
    let kind: String
    let input: TestJSON
    let expect: TestJSON
    let isDisputed: Bool

    /// The package's own vectors, and those of the files that `CLOUDEVENTS_VECTORS` names.
    static func load() throws -> [Vector] {
        let own = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        var paths = ["cloudevents", "further"].map { "/\(own)/Vectors/\($0).jsonl" }
        if let further = ProcessInfo.processInfo.environment["CLOUDEVENTS_VECTORS"] {
            paths += further.split(separator: ":").map(String.init)
        }
        return try paths.flatMap { path in
            try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).map { line in
                try Vector(try TestJSON(SharedBytes(line)))
            }
        }
    }

    private init(_ line: TestJSON) throws {
        id = line["id"]?.string ?? "?"
        kind = line["kind"]?.string ?? "?"
        input = line["input"] ?? .null
        expect = line["expect"] ?? .null
        isDisputed = line["disputed"] == .boolean(true)
    }

    /// Whether the input has to be refused.
    var isRejection: Bool { expect == .string("reject") }

    /// Whether it says nothing of the result but that there is one, or none.
    var isVerdict: Bool { isRejection || expect == .string("accept") }

    /// Whether the payload is bytes and nothing more, as it is in binary mode.
    var hasBytes: Bool { kind.hasSuffix("-binary") }
}

/// Why a vector does not hold.
struct VectorMismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
