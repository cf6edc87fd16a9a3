package import CeleryCore
import Redis

/// Concurrency slots that all workers with this store share: a sorted set for each task name and key, and for each worker a hash of
/// the slots it has. Times are those of the server.
extension RedisResultStore: SlotKeeping {
    private var timeWord: RedisCommand.Word { .text(testTime.map { RedisTime.text($0()) } ?? "") }

    private static func seconds(_ duration: Duration) -> RedisCommand.Word { .text(RedisTime.text(Timestamp(seconds: duration.inSeconds))) }

    package func claim(_ claims: [SlotClaim], by worker: String, for lease: Duration) async throws -> [Bool] {
        guard !claims.isEmpty else { return [] }
        var words: [RedisCommand.Word] = [timeWord, Self.seconds(lease), .text(worker)]
        for claim in claims {
            words += [.text(keys.slots(claim.task, claim.key)), .number(claim.slots), .text(claim.holder), .text(claim.id.text)]
        }
        let reply = try await link.ask(RedisCommand(RedisScripts.claimSlots, keys: [keys.slots(of: worker)], words))
        let answers = reply.elements ?? []
        return claims.indices.map { answers.indices.contains($0) && answers[$0].intValue == 1 }
    }

    package func leaveSlots(_ holders: [String]?, of worker: String) async throws {
        guard holders?.isEmpty != true else { return }
        let words = (holders ?? []).map(RedisCommand.Word.text)
        _ = try await link.ask(RedisCommand(RedisScripts.leaveSlots, keys: [keys.slots(of: worker)], words))
    }

    package func holders(of task: String, key: String) async throws -> [TaskID] {
        let now = RedisTime.text(testTime?() ?? .now)
        let reply = try await link.ask(RedisCommand("ZRANGEBYSCORE", .text(keys.slots(task, key)), .text("(" + now), "+inf"))
        return (reply.elements ?? []).compactMap { element in
            // Worker, holder and id.
            let parts = element.bytesValue?.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false) ?? []
            return parts.count == 3 ? TaskID(String(decoding: parts[2], as: UTF8.self)) : nil
        }
    }

    package func renewSlots(of worker: String, for lease: Duration) async throws {
        _ = try await link.ask(RedisCommand(RedisScripts.renewSlots, keys: [keys.slots(of: worker)], [timeWord, Self.seconds(lease)]))
    }
}

extension RedisScripts {
    /// Takes slots, each if there is a free one.
    ///
    /// KEYS: the slots of the worker. ARGV: time, seconds, the worker; then of each claim the key of the slots, their number, the holder
    /// and the task. Returns 1 or 0 for each; 1 for a slot that the holder has, should the answer have been lost.
    static let claimSlots = RedisScript(
        RedisTime.function + """
            local now = clock(ARGV[1])
            local till = string.format('%.6f', tonumber(now) + tonumber(ARGV[2]))
            local rest = math.ceil(tonumber(ARGV[2])) + 3600
            local answers = {}
            for at = 4, #ARGV, 4 do
                local key, holder = ARGV[at], ARGV[at + 2]
                local member = ARGV[3] .. '\\0' .. holder .. '\\0' .. ARGV[at + 3]
                redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
                local has = redis.call('ZSCORE', key, member)
                if not has and redis.call('ZCARD', key) < tonumber(ARGV[at + 1]) then
                    redis.call('ZADD', key, till, member)
                    redis.call('EXPIRE', key, rest)
                    redis.call('HSET', KEYS[1], holder, #key .. ':' .. key .. member)
                    redis.call('EXPIRE', KEYS[1], rest)
                    has = true
                end
                answers[#answers + 1] = has and 1 or 0
            end
            return answers
            """)

    /// Frees slots.
    ///
    /// KEYS: the slots of the worker. ARGV: the holders; none for all.
    static let leaveSlots = RedisScript(
        """
        local holders = #ARGV > 0 and ARGV or redis.call('HKEYS', KEYS[1])
        for _, holder in ipairs(holders) do
            local length, text = string.match(redis.call('HGET', KEYS[1], holder) or '', '^(%d+):(.*)$')
            if length then redis.call('ZREM', string.sub(text, 1, tonumber(length)), string.sub(text, tonumber(length) + 1)) end
            redis.call('HDEL', KEYS[1], holder)
        end
        return 1
        """)

    /// Prolongs all slots of a worker.
    ///
    /// KEYS: the slots of the worker. ARGV: time, seconds.
    static let renewSlots = RedisScript(
        RedisTime.function + """
            local till = string.format('%.6f', tonumber(clock(ARGV[1])) + tonumber(ARGV[2]))
            local rest = math.ceil(tonumber(ARGV[2])) + 3600
            for _, slot in ipairs(redis.call('HVALS', KEYS[1])) do
                local length, text = string.match(slot, '^(%d+):(.*)$')
                local key = string.sub(text, 1, tonumber(length))
                redis.call('ZADD', key, 'XX', till, string.sub(text, tonumber(length) + 1))
                redis.call('EXPIRE', key, rest)
            end
            redis.call('EXPIRE', KEYS[1], rest)
            return 1
            """)
}
