import CeleryRedis
import Redis

extension RedisBrokerScripts {
    /// Takes messages: whoever takes one holds it from the same moment, so that no message is ever only in a client's memory.
    ///
    /// First what is due returns to the front of its queue. Then the steps are served in their order, and in each step the queues by
    /// turns. The text of a message is kept as it came, never encoded again; only its tag and whether it was delivered before are
    /// read. Held messages are kept for their own queue, whatever exchange they came by, so that Python's workers put them back
    /// there and nowhere else.
    ///
    /// After sixteen megabytes no more are taken: an answer has to fit into memory.
    ///
    /// A call that was given up may still reach the server, when a broken link carries again what the kernel has kept for it: its number
    /// is below the fence by then, and it takes nothing.
    ///
    /// A text that is not JSON is kept as the body of an envelope: Python's workers, which would read it to put it back, stumble
    /// over anything else.
    ///
    /// - KEYS: unacked, unacked_index, what the worker holds, leases, commands, pauses, the fence.
    /// - ARGV:
    ///   - time, the worker, how many messages, seconds of its lease, the number of the first delivery
    ///   - the last command that it heeds, or `*` for any
    ///   - what stands before the tags of messages that came back, seconds to remember those
    ///   - how many steps, their suffixes
    ///   - of each queue: its name, its key, that of its due messages, its weight, how many it may take in this turn
    /// - Returns: The time and 1 if there is a newer command, or the call comes too late; otherwise the time, 0, and of each message its number, tag, list, length of
    ///   its text, name of its queue, how often it came back (-1 for never), and the text.
    static let take = RedisScript(
        clock + """
            local score = clock(ARGV[1])
            local worker, left = ARGV[2], tonumber(ARGV[3])
            if tonumber(ARGV[5]) < tonumber(redis.call('GET', KEYS[7]) or '0') then return {score, 1} end
            redis.call('ZADD', KEYS[4], string.format('%.6f', tonumber(score) + tonumber(ARGV[4])), worker)
            local newest = redis.call('XREVRANGE', KEYS[5], '+', '-', 'COUNT', 1)[1]
            if newest and ARGV[6] ~= '*' and newest[1] ~= ARGV[6] then return {score, 1} end

            local suffixes, queues = {}, {}
            local steps = tonumber(ARGV[9])
            for step = 1, steps do suffixes[step] = ARGV[9 + step] end
            for at = 10 + steps, #ARGV, 5 do
                local till = string.match(redis.call('HGET', KEYS[6], ARGV[at]) or '', '^[%d.]+')
                if not till or tonumber(till) <= tonumber(score) then
                    queues[#queues + 1] = {
                        name = ARGV[at], key = ARGV[at + 1], due = ARGV[at + 2], weight = tonumber(ARGV[at + 3]), turn = tonumber(ARGV[at + 4])}
                end
            end

            for _, queue in ipairs(queues) do
                local due = redis.call('ZRANGEBYSCORE', queue.due, '-inf', score, 'WITHSCORES', 'LIMIT', 0, 100)
                for at = #due - 1, 1, -2 do
                    local member, planned = due[at], tonumber(due[at + 1])
                    local step, length, tag = string.match(member, '^(%d+):(%d+):(.*)$')
                    local there = redis.call('ZSCORE', KEYS[2], tag)
                    if there and tonumber(there) == planned then
                        local kept = redis.call('HGET', KEYS[1], tag)
                        if kept then redis.call('RPUSH', queue.key .. (suffixes[tonumber(step)] or ''), string.sub(kept, 2, 1 + tonumber(length))) end
                        redis.call('HDEL', KEYS[1], tag)
                        redis.call('ZREM', KEYS[2], tag)
                    end
                    redis.call('ZREM', queue.due, member)
                end
            end

            local function wrapped(raw, name, tag)
                local text = cjson.encode({
                    body = raw, headers = {none = cjson.null},
                    properties = {delivery_tag = tag, body_encoding = cjson.null, delivery_info = {exchange = '', routing_key = name}}})
                return (string.gsub(text, '[\\128-\\255]', function(byte) return string.format('\\\\u%04x', string.byte(byte)) end))
            end

            local answer = {score, 0}
            local number, size = tonumber(ARGV[5]), 0
            local function hold(raw, list, queue)
                size = size + #raw
                local isRead, message = pcall(cjson.decode, raw)
                if not isRead or type(message) ~= 'table' then message = nil end
                local properties = message and type(message.properties) == 'table' and message.properties or {}
                local headers = message and type(message.headers) == 'table' and message.headers or {}
                local information = type(properties.delivery_info) == 'table' and properties.delivery_info or {}
                local tag = type(properties.delivery_tag) == 'string' and properties.delivery_tag or ''
                -- Kombu gives the copies of one message for several queues one tag.
                if tag == '' or redis.call('HEXISTS', KEYS[1], tag) == 1 then tag = tag .. '@' .. worker .. '.' .. number end
                local text = message and raw or wrapped(raw, queue.name, tag)
                local count = -1
                if headers.redelivered == true or information.redelivered == true then
                    count = redis.call('INCR', ARGV[7] .. tag)
                    redis.call('EXPIRE', ARGV[7] .. tag, ARGV[8])
                end
                redis.call('HSET', KEYS[1], tag, '[' .. text .. ', "", ' .. cjson.encode(queue.name) .. ']')
                redis.call('ZADD', KEYS[2], score, tag)
                redis.call('HSET', KEYS[3], tag, number .. ' ' .. score .. ' ' .. #text .. ' ' .. list)
                for _, part in ipairs({number, tag, list, #text, queue.name, count, raw}) do answer[#answer + 1] = part end
                number = number + 1
            end

            for step = 1, steps do
                local isOpen, isFirst = true, true
                while isOpen and left > 0 and size < 16777216 do
                    isOpen = false
                    for _, queue in ipairs(queues) do
                        local list = queue.key .. suffixes[step]
                        local turn = isFirst and queue.turn or queue.weight
                        while turn > 0 and left > 0 and size < 16777216 do
                            local raw = redis.call('RPOP', list)
                            if not raw then break end
                            hold(raw, list, queue)
                            turn, left = turn - 1, left - 1
                            isOpen = isOpen or turn == 0
                        end
                    end
                    isFirst = false
                end
            end
            return answer
            """)

    /// Puts back messages that a worker holds, or has them wait for their time.
    ///
    /// - KEYS: unacked, unacked_index, what the worker holds.
    /// - ARGV:
    ///   - what stands before the tags of messages that came back, seconds to remember those
    ///   - of each message: tag, number, another text or nothing
    ///   - ... what becomes of the count of its returns: `keep`, `undo`, or `fresh` for a text that counts itself
    ///   - ... the time it waits for or nothing, the key of due messages, the place of its step
    /// - Returns: 1 for each message that was the worker's, otherwise 0.
    static let putBack = RedisScript(
        ours + """
            local answers = {}
            for at = 3, #ARGV, 7 do
                local tag, number, text, count, due = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
                local list, length = ours(KEYS[2], KEYS[3], tag, number)
                if list then
                    local kept = redis.call('HGET', KEYS[1], tag)
                    if text == '' and kept then text = string.sub(kept, 2, 1 + length) end
                    redis.call('HDEL', KEYS[3], tag)
                    if count == 'undo' then
                        if redis.call('EXISTS', ARGV[1] .. tag) == 1 then redis.call('DECR', ARGV[1] .. tag) end
                    elseif count == 'fresh' then
                        redis.call('SET', ARGV[1] .. tag, '-1', 'EX', ARGV[2])
                    end
                    if not kept then
                        redis.call('ZREM', KEYS[2], tag)
                    elseif due == '' then
                        redis.call('HDEL', KEYS[1], tag)
                        redis.call('ZREM', KEYS[2], tag)
                        redis.call('RPUSH', list, text)
                    else
                        local rest = string.sub(kept, 2 + length)
                        redis.call('HSET', KEYS[1], tag, '[' .. text .. rest)
                        redis.call('ZADD', KEYS[2], due, tag)
                        redis.call('ZADD', ARGV[at + 5], due, ARGV[at + 6] .. ':' .. #text .. ':' .. tag)
                    end
                    answers[#answers + 1] = 1
                else
                    answers[#answers + 1] = 0
                end
            end
            return answers
            """)

    /// Ends deliveries: publishes what follows, stores results, then acknowledges. Each is done as a whole or, if it is not the worker's
    /// any more, not at all.
    ///
    /// - KEYS: unacked, unacked_index, what the worker holds, answers of its last settlements, dead letters, names of queues.
    /// - ARGV:
    ///   - a place for the settlement, its number, what stands before the tags of messages that came back
    ///   - of each delivery: tag, number, whether it came back, a dead letter or nothing, how many messages follow, how many results
    ///   - ... of each of these messages its queue, its list and its text
    ///   - ... of each result its key, its value, the seconds to keep it, and its attempt
    /// - Returns: 1 and 0 as one text, the same when it is asked for again; `look` if it did nothing because a stored result has to be
    ///   looked at first.
    static let settle = RedisScript(
        ours + RedisResultWrite.functions + """
            local known = redis.call('HGET', KEYS[4], ARGV[1])
            if known then
                local number, answer = string.match(known, '^(%d+) (.*)$')
                if number == ARGV[2] then return answer end
            end
            local at = 4
            while at <= #ARGV do
                local first = at + 6 + 3 * tonumber(ARGV[at + 4])
                local last = first + 4 * tonumber(ARGV[at + 5])
                for result = first, last - 1, 4 do
                    if mayStore(ARGV[result], tonumber(ARGV[result + 3]), '') == -1 then return 'look' end
                end
                at = last
            end

            local answers = {}
            at = 4
            while at <= #ARGV do
                local tag, number, letter, count = ARGV[at], ARGV[at + 1], ARGV[at + 3], tonumber(ARGV[at + 4])
                local first = at + 6
                local results = first + 3 * count
                local last = results + 4 * tonumber(ARGV[at + 5])
                if ours(KEYS[2], KEYS[3], tag, number) then
                    for next = first, results - 1, 3 do
                        redis.call('SADD', KEYS[6], ARGV[next])
                        redis.call('LPUSH', ARGV[next + 1], ARGV[next + 2])
                    end
                    for result = results, last - 1, 4 do
                        storeResult(ARGV[result], ARGV[result + 1], ARGV[result + 2], tonumber(ARGV[result + 3]), '')
                    end
                    if letter ~= '' then redis.call('XADD', KEYS[5], '*', 'letter', letter) end
                    redis.call('HDEL', KEYS[1], tag)
                    redis.call('ZREM', KEYS[2], tag)
                    redis.call('HDEL', KEYS[3], tag)
                    if ARGV[at + 2] == '1' then redis.call('DEL', ARGV[3] .. tag) end
                    answers[#answers + 1] = '1'
                else
                    answers[#answers + 1] = '0'
                end
                at = last
            end
            local answer = table.concat(answers)
            redis.call('HSET', KEYS[4], ARGV[1], ARGV[2] .. ' ' .. answer)
            redis.call('EXPIRE', KEYS[4], 3600)
            return answer
            """)
}
