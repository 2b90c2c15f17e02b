// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import EventTestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Replays what `dev/fuzz` has found, and what it begins with.
struct FindingsTests {
    private static let folder = "/" + #filePath.split(separator: "/").dropLast(1).joined(separator: "/") + "/Findings"

    private static func files(of target: FuzzTarget) -> [(name: String, bytes: SharedBytes)] {
        let folder = folder + "/" + target.name
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            (try? Data(contentsOf: URL(filePath: folder + "/" + name))).map { (name, SharedBytes($0)) }
        }
    }

    @Test("What fuzzing found stays mended", arguments: FuzzTarget.all)
    func replay(_ target: FuzzTarget) {
        for (name, bytes) in Self.files(of: target) {
            #expect(throws: Never.self, "\(name)") { try target.check(bytes) }
        }
    }

    @Test("Every finding has a name and a line in the table")
    func table() throws {
        let table = try String(contentsOf: URL(filePath: Self.folder + "/README.md"), encoding: .utf8)
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0 != "README.md" }
        #expect(Set(folders).isSubset(of: FuzzTarget.all.map(\.name)), "a folder belongs to no target")
        for target in FuzzTarget.all {
            for (name, _) in Self.files(of: target) {
                #expect(table.contains("| `\(target.name)/\(name)` |"), "\(target.name)/\(name) is not in the table")
                let prefixes = ["crash-", "leak-", "oom-", "timeout-", "slow-unit-"]
                #expect(!prefixes.contains { name.hasPrefix($0) }, "\(name) has no name of its own")
            }
        }
    }

    @Test("The checks hold for what fuzzing begins with, cut and damaged", arguments: FuzzTarget.all)
    func seeds(_ target: FuzzTarget) throws {
        let tests = Self.folder.replacing("/FuzzTests/Findings", with: "")
        let paths = [
            "CloudEventsCodecTests/Vectors/cloudevents.jsonl", "ConnectRuntimeKitTests/Functions/Vectors/cesql.jsonl",
        ]
        let vectors = try paths.map { try Data(contentsOf: URL(filePath: "\(tests)/\($0)")) }.reduce(Data(), +)
        let seeds = try FuzzSeeds.make(for: target, vectors: SharedBytes(vectors))
        #expect(!seeds.isEmpty)
        var random = SeededGenerator(seed: 11)
        for seed in seeds {
            try target.check(seed)
            for _ in 0..<20 {
                var bytes = [UInt8](seed.prefix(random.below(seed.count + 1)))
                for _ in 0..<random.below(4) where !bytes.isEmpty {
                    bytes[random.below(bytes.count)] = UInt8(random.below(256))
                }
                try target.check(SharedBytes(bytes))
            }
        }
    }

    @Test(
        "A message's lines and body are told apart",
        arguments: ["", "\n", "a", "a: b", "a:b\n", "a: b\nc\n\nx\n\ny"]
    )
    func message(_ text: String) {
        let message = FuzzMessage(SharedBytes(utf8: text))
        #expect(message.headers.count == (text.hasPrefix("a") ? (text.contains("c") ? 2 : 1) : 0))
        #expect(message.headers.first?.value ?? "" == (text.contains("b") ? "b" : ""))
        #expect(String(decodingUTF8: message.body) == (text.contains("x") ? "x\n\ny" : ""))
    }
}
