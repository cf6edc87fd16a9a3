package import CeleryCore
package import Redis

/// A result store in a Redis server, whose results another may store together with what else it does there in one step.
package protocol RedisResultWriting: ResultStore {
    /// Where the results are.
    var server: RedisOptions { get }

    /// What to write for these results.
    ///
    /// - Throws: `DriverError.refused` for a result that cannot be stored.
    func writes(of results: [TaskResult]) throws -> [RedisResultWrite]

    /// Notes that results were written, for those who wait for them in this process.
    func noteWritten(_ results: [TaskResult])
}

/// One result on its way to a server.
package struct RedisResultWrite: Sendable {
    package let key: String
    package let value: [UInt8]
    /// How long to keep it; 0 for ever.
    package let seconds: Int
    package let attempt: Int

    package init(key: String, value: [UInt8], seconds: Int, attempt: Int) {
        (self.key, self.value, self.seconds, self.attempt) = (key, value, seconds, attempt)
    }

    /// Functions for scripts.
    ///
    /// `mayStore` tells whether a result may be stored in place of what is there: 1, 0, or -1 when that has to be looked at first.
    /// `storeResult` does so, and tells it on the channel of the same name, as Python does. Their arguments are the key, the attempt,
    /// and the SHA-1 of a value that may be replaced although its beginning tells no state (compressed, or written by others),
    /// else an empty text.
    ///
    /// Only the beginning of a value is read: a value may have megabytes.
    package static let functions = #"""
        local function mayStore(key, attempt, seen)
            local head = redis.call('GETRANGE', key, 0, 255)
            if head == '' then return 1 end
            local state, rest = string.match(head, '^{%s*"status"%s*:%s*"([^"\\]*)"(.*)')
            if state then
                local there = tonumber(string.match(rest, '^%s*,%s*"attempt"%s*:%s*(%d+)') or '')
                if there and there > attempt then return 0 end
                if (state == 'SUCCESS' or state == 'FAILURE' or state == 'REVOKED') and not (there == 0 and attempt > 0) then
                    return 0
                end
            elseif seen == '' or redis.sha1hex(redis.call('GET', key)) ~= seen then
                return -1
            end
            return 1
        end

        local function storeResult(key, value, seconds, attempt, seen)
            local answer = mayStore(key, attempt, seen)
            if answer ~= 1 then return answer end
            if tonumber(seconds) > 0 then
                redis.call('SETEX', key, seconds, value)
            else
                redis.call('SET', key, value)
            end
            redis.call('PUBLISH', key, value)
            return 1
        end

        """#
}
