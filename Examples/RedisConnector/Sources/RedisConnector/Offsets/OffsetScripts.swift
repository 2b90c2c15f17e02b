// SPDX-License-Identifier: Apache-2.0

/// What the server does for an offset store, each in one step, by its own clock.
///
/// A connector has three hashes: its claims, by scope, with the newest epoch; its positions, by partition; and the checkpoints of
/// its sinks. A claim is `<milliseconds at which the lease ends> <epoch> <owner>`. A script looks at the epoch and changes
/// what it guards in the same step, so nobody can come in between.
enum OffsetScripts {
    private static let now = """
        local time = redis.call('TIME')
        local now = time[1] * 1000 + math.floor(time[2] / 1000)
        local function parts(claim) return string.match(claim, '^(%d+) (%d+) (.*)$') end
        local function value(expiry, epoch, owner)
            return string.format('%.0f', expiry) .. ' ' .. epoch .. ' ' .. owner
        end

        """

    /// KEYS: claims, positions, checkpoints. ARGV: scope, partition, policy, lease in milliseconds, owner.
    ///
    /// Returns the epoch, the positions and the checkpoints, or of who is in the way: scope, epoch and owner.
    static let claim = RedisScript(
        now + """
            local scope, partition, policy, lease, owner = unpack(ARGV)
            local claims = redis.call('HGETALL', KEYS[1])
            local gone = {}
            for index = 1, #claims, 2 do
                local other = claims[index]
                local isRival = other ~= 'epoch' and (scope == 'all' or other == 'all' or other == scope)
                if isRival then
                    local expiry, epoch, name = parts(claims[index + 1])
                    if not expiry then return redis.error_reply('CORRUPT ' .. other) end
                    if policy ~= 'takeOver' and tonumber(expiry) > now then return {'owned', other, epoch, name} end
                    gone[#gone + 1] = other
                end
            end
            for _, other in ipairs(gone) do redis.call('HDEL', KEYS[1], other) end
            local epoch = string.format('%.0f', redis.call('HINCRBY', KEYS[1], 'epoch', 1))
            redis.call('HSET', KEYS[1], scope, value(now + lease, epoch, owner))
            local positions = {}
            if scope == 'all' then
                positions = redis.call('HGETALL', KEYS[2])
            else
                local position = redis.call('HGET', KEYS[2], partition)
                if position then positions = {partition, position} end
            end
            return {'claimed', epoch, positions, redis.call('HGETALL', KEYS[3])}
            """
    )

    private static let ownership =
        now + """
            local scope, own, lease = ARGV[1], ARGV[2], ARGV[3]
            local claim = redis.call('HGET', KEYS[1], scope)
            if not claim then return 0 end
            local expiry, epoch, owner = parts(claim)
            if epoch ~= own then return 0 end

            """

    /// KEYS: claims. ARGV: scope, epoch, lease. Returns whether the claim is still the caller's.
    static let renew = RedisScript(
        ownership + """
            redis.call('HSET', KEYS[1], scope, value(now + lease, epoch, owner))
            return 1
            """
    )

    /// KEYS and ARGV as of ``claim`` and ``renew``, then the numbers of removed partitions and of positions, and all of them
    /// with the checkpoints behind.
    static let save = RedisScript(
        ownership + """
            redis.call('HSET', KEYS[1], scope, value(now + lease, epoch, owner))
            local at = 6
            for _ = 1, tonumber(ARGV[4]) do
                redis.call('HDEL', KEYS[2], ARGV[at])
                at = at + 1
            end
            for _ = 1, tonumber(ARGV[5]) do
                redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
                at = at + 2
            end
            while at < #ARGV do
                redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1])
                at = at + 2
            end
            return 1
            """
    )

    /// KEYS: claims. ARGV: scope, epoch, lease. Gives the claim back if it is still the caller's.
    static let release = RedisScript(
        ownership + """
            redis.call('HDEL', KEYS[1], scope)
            return 1
            """
    )
}
