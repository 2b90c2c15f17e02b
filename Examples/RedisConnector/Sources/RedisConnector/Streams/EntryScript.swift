// SPDX-License-Identifier: Apache-2.0

import CloudEventsCodec

/// Adds entries to several streams in one step, and of each lane nothing behind its first failure.
enum EntryScript {
    /// The streams are no declared keys: then the user's rights are asked for each of them alone.
    static let script = RedisScript(
        """
        local first = tonumber(ARGV[1])
        local length = {unpack(ARGV, 2, 1 + first)}
        local at = 2 + first
        local failed, exceptions, place = {}, {}, 0
        while at <= #ARGV do
            local lane, stream, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
            place = place + 1
            if failed[lane] then
                exceptions[#exceptions + 1] = {place, ''}
            else
                local command = {'XADD', stream, unpack(length)}
                command[#command + 1] = '*'
                for index = at + 3, at + 2 + count do command[#command + 1] = ARGV[index] end
                local reply = redis.pcall(unpack(command))
                if type(reply) == 'table' and reply.err then
                    failed[lane] = true
                    exceptions[#exceptions + 1] = {place, reply.err}
                end
            end
            at = at + 3 + count
        end
        return exceptions
        """
    )

    /// What the script is told of all entries: how they are kept.
    static func head(_ length: [String]) -> [SharedBytes] {
        ([String(length.count)] + length).map { SharedBytes(utf8: $0) }
    }

    /// What the script is told of an entry.
    static func entry(_ words: [SharedBytes], to stream: String, lane: String) -> [SharedBytes] {
        [lane, stream, String(words.count)].map { SharedBytes(utf8: $0) } + words
    }
}
