import Redis

/// Searching reads everything once, piece by piece. Only what is found leaves the server.
extension RedisBrokerScripts {
    /// Whether a message is of one of the ids, which are in ARGV from a place on: each as JSON writes it, then as it is. Only a
    /// message that has the text in it is read. Protocol 1 has the id in its body, and Celery repeats it as correlation id.
    private static let isOf = """
        local function isOf(raw, first)
            for at = first, #ARGV, 2 do
                if string.find(raw, ARGV[at], 1, true) then
                    local isRead, message = pcall(cjson.decode, raw)
                    if isRead and type(message) == 'table' then
                        message = type(message[1]) == 'table' and message[1] or message
                        local headers = type(message.headers) == 'table' and message.headers or {}
                        local properties = type(message.properties) == 'table' and message.properties or {}
                        if headers.id == ARGV[at + 1] or properties.correlation_id == ARGV[at + 1] then return true end
                    end
                end
            end
            return false
        end

        """

    /// Searches a piece of a list, from the left: what is taken at the right and what is added at either end makes no message pass
    /// from a later piece to an earlier one.
    ///
    /// KEYS: the list. ARGV: the first place, negative if counted from the right, how many messages, the ids. Returns the length of the list, how many messages were
    /// read, and of each found one its place and its text.
    static let searchList = RedisScript(
        isOf + """
            local first, length = tonumber(ARGV[1]), redis.call('LLEN', KEYS[1])
            if first < 0 then first = math.max(0, length + first) end
            local texts = redis.call('LRANGE', KEYS[1], first, first + tonumber(ARGV[2]) - 1)
            local answer = {length, #texts}
            for place, raw in ipairs(texts) do
                if isOf(raw, 3) then
                    answer[#answer + 1] = first + place - 1
                    answer[#answer + 1] = raw
                end
            end
            return answer
            """)

    /// Searches a piece of what is held.
    ///
    /// KEYS: unacked, unacked_index. ARGV: the cursor, about how many messages, the ids. Returns the next cursor, and of each found
    /// message its tag, its score or nothing, and `[message, exchange, routing key]`.
    static let searchHeld = RedisScript(
        isOf + """
            local found = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
            local answer = {found[1]}
            for at = 1, #found[2], 2 do
                local tag, held = found[2][at], found[2][at + 1]
                if isOf(held, 3) then
                    for _, part in ipairs({tag, redis.call('ZSCORE', KEYS[2], tag) or '', held}) do answer[#answer + 1] = part end
                end
            end
            return answer
            """)

    /// Searches a piece of the kept events.
    ///
    /// KEYS: events. ARGV: the first entry, how many, ids as JSON writes them. Returns the last entry or nothing, and of each that has an
    /// id in it its own and the event.
    static let searchEvents = RedisScript(
        """
        local entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])
        local answer = {#entries > 0 and entries[#entries][1] or ''}
        for _, entry in ipairs(entries) do
            local event = entry[2][2]
            for at = 3, #ARGV do
                if string.find(event, ARGV[at], 1, true) then
                    answer[#answer + 1] = entry[1]
                    answer[#answer + 1] = event
                    break
                end
            end
        end
        return answer
        """)
}
