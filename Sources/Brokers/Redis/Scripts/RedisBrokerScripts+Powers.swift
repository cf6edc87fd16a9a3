import Redis

extension RedisBrokerScripts {
    /// Adds a report of statistics, once.
    ///
    /// KEYS: reports, the number of the worker's last report. ARGV: the number, the report, seconds to remember the number. Returns how
    /// many reports there are.
    static let addReport = RedisScript(
        """
        local last = tonumber(redis.call('GET', KEYS[2]) or '0')
        if tonumber(ARGV[1]) <= last then return 0 end
        redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3])
        return redis.call('RPUSH', KEYS[1], ARGV[2])
        """)

    /// Puts the sum of the first reports in their place.
    ///
    /// KEYS: reports. ARGV: the first of them, their number, the sum. Returns whether they were still there.
    static let foldReports = RedisScript(
        """
        if redis.call('LINDEX', KEYS[1], 0) ~= ARGV[1] then return 0 end
        if redis.call('LLEN', KEYS[1]) < tonumber(ARGV[2]) then return 0 end
        redis.call('LTRIM', KEYS[1], ARGV[2], -1)
        redis.call('LPUSH', KEYS[1], ARGV[3])
        return 1
        """)
}

extension RedisBrokerScripts {
    /// Lets a beat lead, unless another does.
    ///
    /// KEYS: the beats of a name. ARGV: the beat, what it says about itself, the leader whose silence it has noticed, and how many
    /// signs of life that has given. Returns 1, or 0 with the other that leads and how many signs it has given.
    static let lead = RedisScript(
        """
        local leader = redis.call('HGET', KEYS[1], 'leader')
        if leader and leader ~= ARGV[1] then
            local signs = redis.call('HGET', KEYS[1], 'signs') or ''
            if leader ~= ARGV[3] or signs ~= ARGV[4] then return {0, leader, signs} end
            leader = false
        end
        if not leader then redis.call('HSET', KEYS[1], 'leader', ARGV[1], 'about', ARGV[2]) end
        redis.call('HINCRBY', KEYS[1], 'signs', 1)
        return {1}
        """)

    /// Ends the leadership of a beat.
    ///
    /// KEYS: the beats of a name. ARGV: the beat.
    static let leave = RedisScript(
        """
        if redis.call('HGET', KEYS[1], 'leader') ~= ARGV[1] then return 0 end
        return redis.call('HDEL', KEYS[1], 'leader', 'about')
        """)

    /// Sends messages, writes records and settles commands, if the beat still leads. Messages that were just sent are not sent
    /// again: the answer was lost.
    ///
    /// KEYS: the beats of a name, their commands, names of queues. ARGV: the beat, what names these messages, how many records; name
    /// and record of each; how many commands, their numbers; then queue, list and text of each message.
    static let sendFromBeat = RedisScript(
        """
        if redis.call('HGET', KEYS[1], 'leader') ~= ARGV[1] then return 0 end
        local at = 4
        for _ = 1, tonumber(ARGV[3]) do
            redis.call('HSET', KEYS[1], 'record ' .. ARGV[at], ARGV[at + 1])
            at = at + 2
        end
        local commands = tonumber(ARGV[at])
        for place = at + 1, at + commands do redis.call('HDEL', KEYS[2], ARGV[place]) end
        at = at + 1 + commands
        if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], 'sent') ~= ARGV[2] then
            redis.call('HSET', KEYS[1], 'sent', ARGV[2])
            for place = at, #ARGV, 3 do
                redis.call('SADD', KEYS[3], ARGV[place])
                redis.call('LPUSH', ARGV[place + 1], ARGV[place + 2])
            end
        end
        return 1
        """)

    /// Adds a command for the leader.
    ///
    /// KEYS: the beats of a name, their commands. ARGV: the command. Returns its number.
    static let addBeatCommand = RedisScript(
        """
        local number = redis.call('HINCRBY', KEYS[1], 'commands', 1)
        redis.call('HSET', KEYS[2], number, ARGV[1])
        return number
        """)
}
