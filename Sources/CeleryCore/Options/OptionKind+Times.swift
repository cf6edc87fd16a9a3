extension OptionKind where Value == Duration {
    /// A length of time, in seconds or as `90s`, `10m`, `2h`, `1d`.
    ///
    /// - Parameter zero: Whether 0 is always valid. A call may always use 0 to remove a limit.
    static func duration(zero: Bool = false, others: String = "") -> OptionKind {
        OptionKind(
            placeholder: "DURATION", commandPlaceholder: "S", fileValue: "seconds, or text such as \"10m\"",
            read: { (input, place) throws(OptionMistake) in
                guard let seconds = input.scalarText.flatMap(DurationText.seconds) else {
                    throw OptionMistake(
                        must: "be a length of time such as 90s or 10m\(others)", not: input, problem: "is not a duration",
                        advice: "write seconds, or 90s, 10m, 2h, 1d")
                }
                guard seconds > 0 || zero || place == .commandLine || place == .batch else {
                    throw OptionMistake("must be more than 0", problem: "is not more than 0")
                }
                return .seconds(seconds)
            },
            text: { JSON.number($0.inSeconds).displayText }, json: { .number($0.inSeconds) },
            heard: { $0.doubleValue.map { .seconds(max(0, $0.possibleSeconds)) } })
    }
}

extension OptionKind where Value == Duration? {
    /// A length of time that doubles with each retry: `yes` starts at one second, `no` is none.
    static let growth: OptionKind = {
        let duration = OptionKind<Duration>.duration(others: ", yes or no")
        @Sendable func truth(_ value: Bool) -> Duration? { value ? .seconds(1) : nil }
        return OptionKind(
            placeholder: "yes|no|DURATION", commandPlaceholder: "S",
            fileValue: "seconds, text such as \"10m\", or true or false",
            read: { (input, place) throws(OptionMistake) in
                if case .json(.bool(let value)) = input { return truth(value) }
                switch input.text?.lowercased() {
                case "yes", "true": return truth(true)
                case "no", "false": return truth(false)
                default:
                    let seconds = try duration.read(input, place)
                    return seconds > .zero ? seconds : nil
                }
            },
            text: { $0.map(duration.text) ?? "no" }, json: { $0.map(duration.json) ?? .number(0) },
            // Python uses `true` and numbers.
            heard: { value in
                if let flag = value.boolValue { return .some(truth(flag)) }
                return duration.heard(value).map { $0 > .zero ? $0 : nil }
            })
    }()
}

extension OptionKind where Value == RetryUntil {
    /// A length of time; a call may also name a point in time.
    static let retryEnd: OptionKind = {
        let duration = OptionKind<Duration>.duration()
        return OptionKind(
            placeholder: "DURATION", commandPlaceholder: "S|TIME", fileValue: duration.fileValue,
            read: { (input, place) throws(OptionMistake) in
                guard place == .commandLine || place == .batch else { return .within(try duration.read(input, place)) }
                if let seconds = input.scalarText.flatMap(DurationText.seconds) { return .within(.seconds(seconds)) }
                return .at(try OptionKind<Timestamp>.momentOrDuration.read(input, place))
            },
            text: { until in
                switch until {
                case .within(let length): duration.text(length)
                case .at(let time): ISO8601.text(time)
                }
            },
            // A number is a length of time in seconds; text is a time in ISO 8601.
            json: { until in
                switch until {
                case .within(let length): duration.json(length)
                case .at(let time): .string(ISO8601.text(time))
                }
            },
            heard: { value in
                if let text = value.stringValue { return ISO8601.timestamp(text).map(RetryUntil.at) }
                return duration.heard(value).map(RetryUntil.within)
            })
    }()
}

extension OptionKind where Value == Timestamp {
    /// A point in time; see `TimeText`.
    static let moment = moment("TIME") { (input) throws(OptionMistake) in
        guard let time = input.text.flatMap({ TimeText().parse($0) }) else {
            throw OptionMistake(
                must: "be a time", not: input, problem: "is not a time", advice: "write 2030-01-31T06:00, 06:00 or 'tomorrow 06:00'")
        }
        return time
    }

    /// A point in time, or a length of time from now.
    static let momentOrDuration = moment("S|TIME") { (input) throws(OptionMistake) in
        if let seconds = input.scalarText.flatMap(DurationText.seconds) { return .now + .seconds(seconds) }
        guard let time = input.text.flatMap({ TimeText().parse($0) }) else {
            throw OptionMistake(
                must: "be a duration or a time", not: input, problem: "is neither a duration nor a time",
                advice: "write 90s, 10m, or 2030-01-31T06:00")
        }
        return time
    }

    private static func moment(
        _ placeholder: String, _ read: @escaping @Sendable (OptionInput) throws(OptionMistake) -> Timestamp
    ) -> OptionKind {
        OptionKind(
            placeholder: placeholder, commandPlaceholder: placeholder, fileValue: "text such as \"2030-01-31T06:00\"",
            read: { (input, _) throws(OptionMistake) in try read(input) },
            text: { ISO8601.text($0) }, json: { .string(ISO8601.text($0)) },
            heard: { $0.stringValue.flatMap { ISO8601.timestamp($0) } })
    }
}
