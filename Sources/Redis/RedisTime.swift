package import CeleryCore

/// Times as scripts read and write them.
package enum RedisTime {
    /// Unix seconds with six decimals.
    package static func text(_ time: Timestamp) -> String {
        let microseconds = Int64((time.seconds.possibleTime * 1_000_000).rounded())
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(rest)
        return "\(seconds)." + String(repeating: "0", count: 6 - digits.count) + digits
    }

    package static func read(_ value: RESPValue?) -> Timestamp? {
        value?.textValue.flatMap(Double.init).map(Timestamp.init(seconds:))
    }
}

extension RedisTime {
    /// A function for scripts: the time given, or that of the server, in digits that every reader takes for the same number.
    package static let function = """
        local function clock(given)
            if given ~= '' then return string.format('%.6f', tonumber(given)) end
            local time = redis.call('TIME')
            return string.format('%d.%06d', tonumber(time[1]), tonumber(time[2]))
        end

        """
}

extension Double {
    /// Within what microseconds can count, and not before 1970: anybody may have written a time.
    fileprivate var possibleTime: Double { isNaN ? 0 : min(max(self, 0), 9e12) }
}
