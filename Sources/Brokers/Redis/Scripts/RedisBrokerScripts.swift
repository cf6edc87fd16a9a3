import Redis

/// The steps that a server takes as one.
///
/// A worker's record of a message that it holds is `number score length list`: the number of the delivery, the score that the
/// message then had in `unacked_index`, the length of its text, and the list it was taken from. The message is the worker's as
/// long as the record has its number and `unacked_index` has its score: Python's workers, which know nothing of the record,
/// write another score when they take a message that was put back.
///
/// Times are those of the server, so that the clocks of workers need not agree; tests give their own.
enum RedisBrokerScripts {
    static let clock = RedisTime.function

    /// What a worker holds of a tag: list and length, or nothing.
    static let ours = """
        local function ours(index, held, tag, number)
            local record = redis.call('HGET', held, tag)
            if not record then return nil end
            local mark, score, length, list = string.match(record, '^(%d+) ([%d.]+) (%d+) (.*)$')
            if mark ~= number then return nil end
            local there = redis.call('ZSCORE', index, tag)
            if not there or tonumber(there) ~= tonumber(score) then return nil end
            return list, tonumber(length)
        end

        """

    /// Publishes messages: all or none, and once although it is called again because no answer came.
    ///
    /// KEYS: the last batches of this program, names of queues. ARGV: a place for the batch, its number, how many names of queues,
    /// the names; then list and text of each message.
    static let publish = RedisScript(
        """
        if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return 0 end
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
        redis.call('EXPIRE', KEYS[1], 120)
        local names = tonumber(ARGV[3])
        for at = 4, 3 + names do redis.call('SADD', KEYS[2], ARGV[at]) end
        for at = 4 + names, #ARGV, 2 do redis.call('LPUSH', ARGV[at], ARGV[at + 1]) end
        return 1
        """)

    /// Publishes a message unless another has its key.
    ///
    /// KEYS: the key, names of queues. ARGV: time, seconds to hold it, the id, the name of the queue, list, text. Returns the id
    /// that has the key.
    static let publishKeyed = RedisScript(
        clock + """
            local now = tonumber(clock(ARGV[1]))
            local there = redis.call('GET', KEYS[1])
            if there then
                local till, id = string.match(there, '^([%d.]+) (.*)$')
                if tonumber(till) > now then return id end
            end
            local till = string.format('%.6f', now + tonumber(ARGV[2]))
            redis.call('SET', KEYS[1], till .. ' ' .. ARGV[3], 'PX', math.max(1, math.ceil(tonumber(ARGV[2]) * 1000)))
            redis.call('SADD', KEYS[2], ARGV[4])
            redis.call('LPUSH', ARGV[5], ARGV[6])
            return ARGV[3]
            """)

    /// Renews that a worker holds messages, so that Python's workers do not put them back.
    ///
    /// KEYS: unacked_index, what it holds. ARGV: time; then tag and number of each.
    static let renew = RedisScript(
        clock + ours + """
            local score = clock(ARGV[1])
            for at = 2, #ARGV, 2 do
                local tag, number = ARGV[at], ARGV[at + 1]
                local list, length = ours(KEYS[1], KEYS[2], tag, number)
                if list then
                    redis.call('ZADD', KEYS[1], score, tag)
                    redis.call('HSET', KEYS[2], tag, number .. ' ' .. score .. ' ' .. length .. ' ' .. list)
                end
            end
            return 1
            """)

    /// Which of its deliveries a worker still holds.
    ///
    /// KEYS: unacked_index, what it holds. ARGV: tag and number of each. Returns 1 or 0 for each.
    static let holds = RedisScript(
        ours + """
            local answers = {}
            for at = 1, #ARGV, 2 do answers[#answers + 1] = ours(KEYS[1], KEYS[2], ARGV[at], ARGV[at + 1]) and 1 or 0 end
            return answers
            """)

    /// Prolongs the life of a worker, and finds those that are dead.
    ///
    /// When nobody at all has given a sign of life for most of a lease, the server was away, or was alone: then nobody is taken for
    /// dead until the others have had half a lease to come back.
    ///
    /// KEYS: leases, workers, the last sign of life and until when nobody is taken for dead. ARGV: time, the worker, seconds, what it
    /// says about itself. Returns the time, then of each dead worker its id, until when it lived, and what it said about itself.
    static let live = RedisScript(
        clock + """
            local now = clock(ARGV[1])
            local time, lease = tonumber(now), tonumber(ARGV[3])
            redis.call('ZADD', KEYS[1], string.format('%.6f', time + lease), ARGV[2])
            if redis.call('HGET', KEYS[2], ARGV[2]) ~= ARGV[4] then redis.call('HSET', KEYS[2], ARGV[2], ARGV[4]) end
            local answer = {now}
            local last, grace = string.match(redis.call('GET', KEYS[3]) or '', '^([%d.]+) ([%d.]+)$')
            if last and time - tonumber(last) > math.max(lease * 0.7, lease - 4) then grace = string.format('%.6f', time + lease / 2) end
            redis.call('SET', KEYS[3], now .. ' ' .. (grace or '0'))
            if grace and tonumber(grace) > time then return answer end
            local dead = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'WITHSCORES', 'LIMIT', 0, 20)
            for at = 1, #dead, 2 do
                answer[#answer + 1] = dead[at]
                answer[#answer + 1] = dead[at + 1]
                answer[#answer + 1] = redis.call('HGET', KEYS[2], dead[at]) or ''
            end
            return answer
            """)

    /// Forgets a dead worker once nothing is left of what it held, unless it lives again.
    ///
    /// KEYS: leases, workers, what it holds, settled, takeover, lost. ARGV: the worker, the lease that ended; its name and an account
    /// of the loss, if it is to be kept. Returns whether it is forgotten.
    static let forget = RedisScript(
        """
        local there = redis.call('ZSCORE', KEYS[1], ARGV[1])
        redis.call('DEL', KEYS[5])
        if not there or tonumber(there) ~= tonumber(ARGV[2]) or redis.call('EXISTS', KEYS[3]) == 1 then return 0 end
        redis.call('ZREM', KEYS[1], ARGV[1])
        redis.call('HDEL', KEYS[2], ARGV[1])
        redis.call('DEL', KEYS[4])
        if ARGV[4] then redis.call('HSET', KEYS[6], ARGV[3], ARGV[4]) end
        return 1
        """)

    /// Deletes what waits in a queue; of the messages that wait for their time some at a time.
    ///
    /// KEYS: unacked, unacked_index, due messages, lists. Returns their number, and how many are left.
    static let purge = RedisScript(
        """
        local count = 0
        for at = 4, #KEYS do
            count = count + redis.call('LLEN', KEYS[at])
            redis.call('DEL', KEYS[at])
        end
        local due = redis.call('ZRANGE', KEYS[3], 0, 4999, 'WITHSCORES')
        for at = 1, #due, 2 do
            local tag = string.match(due[at], '^%d+:%d+:(.*)$')
            local there = redis.call('ZSCORE', KEYS[2], tag)
            if there and tonumber(there) == tonumber(due[at + 1]) then
                count = count + redis.call('HDEL', KEYS[1], tag)
                redis.call('ZREM', KEYS[2], tag)
            end
            redis.call('ZREM', KEYS[3], due[at])
        end
        return {count, redis.call('ZCARD', KEYS[3])}
        """)
}
