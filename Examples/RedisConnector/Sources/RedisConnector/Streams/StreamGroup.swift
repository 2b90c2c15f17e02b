// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec
import OpenConnect

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A consumer group on some streams, and the commands of one of its consumers.
struct StreamGroup: Sendable {
    let name: String
    let consumer: String
    private let streams: [String]
    private let creation: RedisStreamSourceOptions.Start?

    init(_ streams: [String], _ name: String, _ options: RedisStreamSourceOptions) throws {
        func refuse(_ message: String) throws { throw ConnectorError(.invalidConfiguration, message) }
        if streams.isEmpty { try refuse("streams: there is none; name at least one") }
        if Set(streams.map { SharedBytes(utf8: $0) }).count < streams.count {
            try refuse("streams: a stream is named twice")
        }
        if streams.contains("") { try refuse("streams: a stream needs a name that is not empty") }
        if name.isEmpty { try refuse("group: a group needs a name that is not empty") }
        if let start = options.createGroup, start != .beginning, start != .end, EntryID(start.description) == nil {
            try refuse("createGroup: '\(start)' is not the ID of an entry, such as 1732200000000-0")
        }
        self.streams = streams
        self.name = name
        creation = options.createGroup
        consumer = options.consumer ?? Self.hostName
    }

    private static var hostName: String {
        var name = [UInt8](repeating: 0, count: 256)
        let status = name.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { gethostname($0.assumingMemoryBound(to: CChar.self), 255) } ?? -1
        }
        let host = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
        return status == 0 && !host.isEmpty ? host : "openconnect"
    }

    // MARK: Preparing

    /// Makes the group where it is missing, if it is to be made.
    func prepare(_ link: RedisLink) async throws {
        let task = "making the group '\(name)'"
        guard let creation else { return try await demand(link) }
        var commands = RedisCommands()
        for stream in streams { commands.add(["XGROUP", "CREATE", stream, name, creation.description, "MKSTREAM"]) }
        let replies = try await link.run(commands, task)
        for (index, stream) in streams.enumerated() {
            guard let error = replies[index].error, error.code != "BUSYGROUP" else { continue }
            throw error.error(task + " on the stream '\(stream)'")
        }
    }

    /// Finds out whether everything is there.
    func check(_ link: RedisLink) async throws {
        if creation == nil { return try await demand(link) }
        for stream in streams {
            let task = "looking for the stream '\(stream)'"
            let type = try await link.run(["TYPE", stream], task).text
            guard let type, !["stream", "none"].contains(type) else { continue }
            throw ServerError("WRONGTYPE it is a \(type)").error(task)
        }
    }

    private func demand(_ link: RedisLink) async throws {
        for stream in streams where try await information(stream, link) == nil {
            throw ConnectorError(
                .invalidConfiguration,
                "the stream '\(stream)' has no group '\(name)'; make it with XGROUP CREATE, or set createGroup"
            )
        }
    }

    /// How many entries the group was not given yet, where the server knows that.
    func lag(of stream: String, over link: RedisLink) async throws -> Int64? {
        try await information(stream, link)?["lag"]?.integer.map { Int64($0) }
    }

    private func information(_ stream: String, _ link: RedisLink) async throws -> RedisReply? {
        let task = "looking for the groups of the stream '\(stream)'"
        let replies = try await link.run(RedisCommands(["XINFO", "GROUPS", stream]), task)
        if let error = replies.firstError {
            if error.description.contains("no such key") { return nil }
            throw error.error(task)
        }
        return replies[0].elements.first { $0["name"]?.text?.hasSameBytes(as: name) == true }
    }

    // MARK: Commands

    /// Reads of streams from places on: `>` for new entries, or the ID behind which own pending ones are read again.
    func reading(_ places: [(stream: String, place: String)], _ count: Int, blocking wait: Duration? = nil)
        -> RedisCommands
    {
        var words = ["XREADGROUP", "GROUP", name, consumer, "COUNT", String(count)]
        if let wait { words += ["BLOCK", String(wait.milliseconds)] }
        return RedisCommands(words + ["STREAMS"] + places.map(\.stream) + places.map(\.place))
    }

    /// Takes over what others left for so long.
    func claiming(_ stream: String, from cursor: String, _ count: Int, _ idle: Duration) -> [String] {
        ["XAUTOCLAIM", stream, name, consumer, String(idle.milliseconds), cursor, "COUNT", String(count)]
    }

    /// Acknowledges entries, some at a time, so that no command keeps the server for long.
    func addAcknowledgement(of ids: ArraySlice<EntryID>, in stream: String, to commands: inout RedisCommands) {
        var rest = ids
        while !rest.isEmpty {
            let part = rest.prefix(1000)
            commands.begin(3 + part.count)
            for word in ["XACK", stream, name] { commands.add(word) }
            for id in part { commands.add(id.description) }
            rest = rest.dropFirst(part.count)
        }
    }

    /// What an error of reading means.
    func error(_ error: ServerError) -> ConnectorError {
        guard error.code == "NOGROUP" else { return error.error("reading as '\(consumer)' of the group '\(name)'") }
        return ConnectorError(
            .corruptOffsets,
            "the group '\(name)' is gone from one of the streams \(streams.joined(separator: ", ")), and its positions with it: "
                + "make it again with XGROUP CREATE where reading is to go on"
        )
    }

    // MARK: Keeping

    /// Keeps this consumer's pending entries of a stream from being taken for those of a dead one.
    ///
    /// - Returns: those that had been idle for a while.
    func keep(_ stream: String, idle: Duration, over link: RedisLink) async throws -> [EntryID] {
        var ids: [EntryID] = []
        var start = "-"
        while true {
            let words = [name, consumer, String(idle.milliseconds), start, String(Self.page)]
            let arguments = words.map { SharedBytes(utf8: $0) }
            let task = "keeping the entries of the group '\(name)'"
            let page = try await Self.keeping.run(over: link, [SharedBytes(utf8: stream)], arguments, task).elements
            let found = page.compactMap { $0.bytes.flatMap { EntryID($0) } }
            ids += found
            guard let last = found.last, found.count == Self.page else { return ids }
            start = "(\(last)"
        }
    }

    /// The server has to look at each entry, with all of its data.
    private static let page = 100

    /// Only what is still this consumer's is touched: another one may have taken it over. An entry that is gone is left
    /// as it is: from Redis 7 on, claiming it would end that it is pending, and nothing would tell of it after a crash.
    private static let keeping = RedisScript(
        """
        local own = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], ARGV[4], '+', ARGV[5], ARGV[2])
        local ids, command = {}, {'XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0}
        for index, entry in ipairs(own) do
            local id = entry[1]
            ids[index] = id
            if #redis.call('XRANGE', KEYS[1], id, id) > 0 then command[#command + 1] = id end
        end
        local isAnyLeft = #command > 5
        command[#command + 1] = 'JUSTID'
        if isAnyLeft then redis.call(unpack(command)) end
        return ids
        """
    )
}
