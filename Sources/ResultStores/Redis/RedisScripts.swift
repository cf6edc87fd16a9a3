import CeleryRedis
import Redis

/// The steps that a server must take as one.
enum RedisScripts {
    /// Stores a result and tells it on the channel of the same name, as Python does, unless a final result or one of a newer
    /// attempt is there.
    ///
    /// KEYS: the result. ARGV: the value; seconds to keep it, 0 for ever; the attempt; the SHA-1 of a value that may be replaced
    /// although its beginning tells no state (compressed, or written by others), else an empty text.
    /// Returns 1 when stored, 0 when not, -1 when the value there has to be looked at first.
    static let store = RedisScript(
        RedisResultWrite.functions + "return storeResult(KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4])")

    /// Replaces a value if it is still the one that was read, and keeps the time it has left.
    ///
    /// KEYS: the value. ARGV: the SHA-1 of what was read; the new value. Returns whether it was replaced.
    static let replace = RedisScript(
        """
        local value = redis.call('GET', KEYS[1])
        if not value or redis.sha1hex(value) ~= ARGV[1] then return 0 end
        local left = redis.call('PTTL', KEYS[1])
        if left > 0 then
            redis.call('SET', KEYS[1], ARGV[2], 'PX', left)
        else
            redis.call('SET', KEYS[1], ARGV[2])
        end
        return 1
        """)

    /// Counts a member of a chord that has ended, once, and lets the one that completes it have the claim to send the body.
    ///
    /// The steps are those of Python's Celery 5.7, whose workers count in the same records.
    /// KEYS: results, added, size, counted, group, claim. ARGV: the id of the member; its result; its place, or +inf; seconds to keep
    /// the records, 0 for ever; seconds to keep the group, 0 for ever; the claim; seconds that it holds; 1 if results are sorted
    /// by place, 0 if they are a list.
    /// Returns how many have ended and how many there are, -1 while that is unknown; whether the claim is held; or -1 and zeros
    /// when the body has been sent already. Who counts again under the same claim has it as before: an interrupted end is resumed.
    static let countPart = RedisScript(
        """
        if redis.call('GET', KEYS[6]) == 'done' then return {-1, 0, 0} end
        local member = ARGV[1] .. ':' .. ARGV[3]
        local sorted = ARGV[8] == '1'
        if redis.call('SADD', KEYS[4], member) == 1 then
            if sorted then
                redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
            else
                redis.call('RPUSH', KEYS[1], ARGV[2])
            end
        end
        local ended = redis.call(sorted and 'ZCARD' or 'LLEN', KEYS[1])
        if tonumber(ARGV[4]) > 0 then
            for place = 1, 4 do redis.call('EXPIRE', KEYS[place], ARGV[4]) end
            if tonumber(ARGV[5]) > 0 then redis.call('EXPIRE', KEYS[5], ARGV[5]) end
        end
        local size = tonumber(redis.call('GET', KEYS[3]) or '')
        if not size then return {ended, -1, 0} end
        local total = size + (tonumber(redis.call('GET', KEYS[2]) or '') or 0)
        local claimed = 0
        if ended == total and (redis.call('SET', KEYS[6], ARGV[6], 'NX', 'EX', ARGV[7]) or redis.call('GET', KEYS[6]) == ARGV[6]) then
            claimed = 1
        end
        return {ended, total, claimed}
        """)

    /// Prolongs a claim, or takes it again after it has run out while the records are there.
    ///
    /// KEYS: claim, size. ARGV: the claim; seconds. Returns whether the claim is held.
    static let extendClaim = RedisScript(
        """
        local holder = redis.call('GET', KEYS[1])
        if holder == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
        if not holder and redis.call('EXISTS', KEYS[2]) == 1 then
            return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2], 'NX') and 1 or 0
        end
        return 0
        """)

    /// Drops the records of a chord whose body was sent, and remembers that for parts that come late.
    ///
    /// KEYS: claim, results, added, size, counted. ARGV: the claim; seconds to remember. Returns whether the claim was held.
    static let finish = RedisScript(
        """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
        redis.call('SET', KEYS[1], 'done', 'EX', ARGV[2])
        return 1
        """)
}
