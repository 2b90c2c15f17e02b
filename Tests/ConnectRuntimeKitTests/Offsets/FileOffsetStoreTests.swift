// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect
import OpenConnectFiles
import Testing

@testable import ConnectRuntimeKit

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Opens a directory with a store of its own, and gives what is stored for a connector.
func reopened(_ directory: String, _ connector: String = "orders") async throws -> [StoredPosition] {
    let store = FileOffsetStore(directory: directory)
    let claim = try await store.claim(.of(connector))
    try await store.release(claim.token)
    return claim.positions
}

@Suite("Offset store of files")
struct FileOffsetStoreTests {
    private func write(_ bytes: [UInt8], to path: String) throws {
        try FileDescriptor(path, [.writing, .creating, .truncating]).write(bytes)
    }

    @Test("S27: what was saved is there when it is opened again, with checkpoints and epochs")
    func reopen() async throws {
        try await withTemporaryDirectory { directory in
            let checkpoint = SinkCheckpoint(SharedBytes([1, 2]), version: 3)
            var epoch = Epoch(0)
            do {
                let store = FileOffsetStore(directory: directory)
                let claim = try await store.claim(.of("orders"))
                let changes = OffsetChanges(positions: [.at(1, in: "a"), .at(2)], checkpoints: ["out": checkpoint])
                try await store.save(changes, under: claim.token)
                epoch = claim.token.epoch
            }
            let store = FileOffsetStore(directory: directory)
            let claim = try await store.claim(.of("orders"))
            #expect(claim.positions == [.at(2), .at(1, in: "a")])
            #expect(claim.checkpoints == ["out": checkpoint])
            #expect(claim.token.epoch > epoch)
            #expect(try FileSystem.list(directory) == ["lock", "offsets.log"])
        }
    }

    @Test("S29: a missing directory is made with those above it, and a missing log is an empty start")
    func missing() async throws {
        try await withTemporaryDirectory { directory in
            #expect(try await reopened(directory + "/a/b/c").isEmpty)
            try FileSystem.remove(directory + "/a/b/c/offsets.log")
            try write([1, 2, 3], to: directory + "/a/b/c/offsets.log.new")
            #expect(try await reopened(directory + "/a/b/c").isEmpty)
            #expect(try FileSystem.list(directory + "/a/b/c") == ["lock", "offsets.log"])
        }
    }

    @Test("S29: a place that cannot be used is an error of the claim, with the reason")
    func unusable() async throws {
        try await withTemporaryDirectory { directory in
            try write([], to: directory + "/file")
            for path in [directory + "/file", directory + "/file/below"] {
                let error = await connectorError { _ = try await reopened(path) }
                #expect(error?.code == .invalidConfiguration)
                #expect(error?.message.contains("is a file, not a directory") == true)
            }
            try FileSystem.createDirectories(directory + "/store/offsets.log")
            let error = await connectorError { _ = try await reopened(directory + "/store") }
            #expect(error?.message.contains("this is a directory") == true)
        }
    }

    @Test("S29: a directory without the right to write is an error of the claim", arguments: [EACCES, EROFS])
    func unwritable(code: Int32) async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            recorder.start { _, step in
                if case .create = step { .fails(code) } else { nil }
            }
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            let error = await connectorError { _ = try await store.claim(.of("orders")) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("the offset store cannot make '\(directory)/offsets.log.new'") == true)
        }
    }

    @Test("S26, S29: a damaged, cut or foreign log is an error that names file and place, and it stays as it is")
    func unreadable() async throws {
        try await withTemporaryDirectory { directory in
            let log = directory + "/offsets.log"
            _ = try await reopened(directory)
            let sound = try FileSystem.contents(of: log)
            var damaged = sound
            damaged[40] ^= 1
            let newer = Array(sound[..<8]) + [9, 0, 0, 0] + Array(sound[12...])
            for bytes in [damaged, [], Array(sound[..<30]), Array("offsets = 12, 13, 14\n".utf8), newer] {
                try write(bytes, to: log)
                let error = await connectorError { _ = try await reopened(directory) }
                #expect(error?.code == .corruptOffsets)
                #expect(error?.message.hasPrefix("the offset log '\(log)' cannot be used, at byte ") == true)
                #expect(error?.message.contains("choose another") == true || error?.message.contains("restore") == true)
                #expect(try FileSystem.contents(of: log) == bytes)
            }
        }
    }

    @Test("S28: the log cut at every byte gives old or new, and goes on from there")
    func cuts() async throws {
        try await withTemporaryDirectory { directory in
            let log = directory + "/offsets.log"
            var sizes: [Int] = []
            do {
                let store = FileOffsetStore(directory: directory)
                let claim = try await store.claim(.of("orders"))
                sizes.append(try FileSystem.contents(of: log).count)
                for offset in 1...3 {
                    try await store.save(.at(Int64(offset)), under: claim.token)
                    sizes.append(try FileSystem.contents(of: log).count)
                }
            }
            let bytes = try FileSystem.contents(of: log)
            let snapshot =
                try OffsetLogFormat.fileHeader.count
                + OffsetLogFormat.encode(.snapshot(OffsetTable()), sequence: 1).count
            for size in snapshot..<bytes.count {
                try write(Array(bytes[..<size]), to: log)
                let expected = Int64((sizes.lastIndex { $0 <= size } ?? 0))
                #expect(try await reopened(directory) == (expected == 0 ? [] : [.at(expected)]), "cut to \(size)")
                let rest = try FileSystem.contents(of: log)
                #expect(try OffsetLogFormat.decode(rest).validSize == rest.count)
            }
            for size in 0..<snapshot {
                try write(Array(bytes[..<size]), to: log)
                #expect(await code { _ = try await reopened(directory) } == .corruptOffsets, "cut to \(size)")
            }
        }
    }

    @Test("a torn append is rolled back, and what is saved afterwards follows it")
    func tornTail() async throws {
        try await withTemporaryDirectory { directory in
            let log = directory + "/offsets.log"
            for offset in 1...5 {
                let store = FileOffsetStore(directory: directory)
                let claim = try await store.claim(.of("orders"))
                #expect(claim.positions == (offset == 1 ? [] : [.at(Int64(offset) - 1)]))
                try await store.save(.at(Int64(offset)), under: claim.token)
                try await store.save(.at(100), under: claim.token)
                try await store.release(claim.token)
                let file = try FileDescriptor(log, .writing)
                try file.truncate(to: file.status().size - Int64(offset))
            }
            #expect(try await reopened(directory) == [.at(5)])
        }
    }

    @Test("S21: without changes no file is touched")
    func untouched() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            let claim = try await store.claim(.of("orders"))
            recorder.start()
            try await store.save(OffsetChanges(), under: claim.token)
            try await store.renew(claim.token)
            #expect(recorder.steps.isEmpty)
            try await store.save(.at(1), under: claim.token)
            #expect(recorder.steps.count == 2 && recorder.synchronizations == 1)
        }
    }

    @Test("S23: saves that come while one becomes durable share the next fsync")
    func groupCommit() async throws {
        try await withTemporaryDirectory { directory in
            let recorder = StepRecorder()
            let store = FileOffsetStore(directory: directory, faults: recorder.faults)
            var tokens: [ClaimToken] = []
            for index in 0..<50 { tokens.append(try await store.claim(.of("c\(index)")).token) }
            // Long enough for all of them to be asked for while the first becomes durable.
            recorder.start { _, step in
                if step.isSynchronization { usleep(100_000) }
                return nil
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for token in tokens { group.addTask { try await store.save(.at(1), under: token) } }
                try await group.waitForAll()
            }
            #expect((2...4).contains(recorder.synchronizations))
            for token in tokens { try await store.release(token) }
            for index in 0..<50 { #expect(try await reopened(directory, "c\(index)") == [.at(1)]) }
        }
    }
}
