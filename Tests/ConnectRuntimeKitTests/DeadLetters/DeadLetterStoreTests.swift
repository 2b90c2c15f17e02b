// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import ConnectTestKit
import OpenConnect
import Testing

@testable import ConnectRuntimeKit

@Suite("Dead letter stores")
struct DeadLetterStoreTests {
    @Test("letters are read in the order in which they were added, page by page", arguments: LetterStoreKind.allCases)
    func order(kind: LetterStoreKind) async throws {
        try await kind.withStore { store in
            #expect(try await store.texts().isEmpty)
            try await store.append([])
            for number in 0..<20 { try await store.append([.text("a\(number)"), .text("b\(number)")]) }
            let expected = (0..<20).flatMap { ["a\($0)", "b\($0)"] }
            for page in [1, 7, 40, 1000] { #expect(try await store.texts(page: page) == expected) }
            #expect(try await store.read(after: nil, atMost: 0).isEmpty)
        }
    }

    @Test("removed letters are gone, replaced ones keep their key and place", arguments: LetterStoreKind.allCases)
    func removeAndReplace(kind: LetterStoreKind) async throws {
        try await kind.withStore { store in
            try await store.append((0..<10).map { .text("\($0)") })
            let all = try await store.all()
            try await store.remove([all[0].key, all[4].key, all[4].key, DeadLetterKey(999)])
            var changed = all[3].letter
            changed.record.data = .text("three")
            changed.attempts = 9
            let gone = StoredDeadLetter(key: all[4].key, letter: changed)
            try await store.replace([StoredDeadLetter(key: all[3].key, letter: changed), gone])
            #expect(try await store.texts() == ["1", "2", "three", "5", "6", "7", "8", "9"])
            #expect(try await store.read(after: all[2].key, atMost: 1).first?.letter.attempts == 9)
            #expect(try await store.read(after: all[3].key, atMost: 2).map(\.letter.text) == ["5", "6"])
            try await store.remove(all.map(\.key))
            #expect(try await store.texts().isEmpty)
            try await store.append([.text("new")])
            let new = try await store.all()
            #expect(new.map(\.letter.text) == ["new"] && new[0].key > all[9].key)
        }
    }

    @Test("what a store holds is what was done to it", arguments: LetterStoreKind.allCases)
    func model(kind: LetterStoreKind) async throws {
        for seed in 0..<6 {
            try await kind.withStore { store in
                var random = SeededGenerator(seed: UInt64(seed))
                var model: [(key: DeadLetterKey, text: String)] = []
                for step in 0..<60 {
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0, 1:
                        let texts = (0..<Int.random(in: 0..<5, using: &random)).map { "\(step).\($0)" }
                        try await store.append(texts.map { .text($0) })
                        let new = try await store.read(after: model.last?.key, atMost: 100)
                        model += new.map { ($0.key, $0.letter.text) }
                    case 2:
                        // The last one stays, as the model reads new ones behind it.
                        let keys = model.dropLast().map(\.key).filter { _ in Int.random(in: 0..<4, using: &random) == 0
                        }
                        try await store.remove(keys)
                        model.removeAll { keys.contains($0.key) }
                    default:
                        guard let index = model.indices.randomElement(using: &random) else { continue }
                        model[index].text += "'"
                        let letter = StoredDeadLetter(key: model[index].key, letter: .text(model[index].text))
                        try await store.replace([letter])
                    }
                    #expect(try await store.texts() == model.map(\.text))
                }
            }
        }
    }

    @Test("calls from many tasks at the same time lose nothing", arguments: LetterStoreKind.allCases)
    func concurrentCalls(kind: LetterStoreKind) async throws {
        try await kind.withStore { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for number in 0..<20 {
                            try await store.append([.text("\(task).\(number)")])
                            if number % 5 == 4, let first = try await store.read(after: nil, atMost: 1).first {
                                try await store.remove([first.key])
                                try await store.append([first.letter])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let texts = try await store.texts()
            #expect(Set(texts).count == 160)
        }
    }
}
