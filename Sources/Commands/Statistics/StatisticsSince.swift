import Arguments
import CeleryCore

/// The start of the period to count, as given by `--since`.
enum StatisticsSince: Sendable, Hashable {
    /// A number of seconds before the time of each query.
    case ago(Double)
    case time(Timestamp)

    func timestamp(now: Timestamp) -> Timestamp {
        switch self {
        case .ago(let seconds): Timestamp(seconds: now.seconds - seconds)
        case .time(let time): time
        }
    }

    /// A duration, or a point in time; `HH:MM` means its last occurrence.
    static let parser = ValueParser<StatisticsSince> { (text) throws(InvalidValue) in
        if let seconds = DurationText.seconds(text) { return .ago(seconds) }
        let now = Timestamp.now
        guard let time = TimeText(now: now).parse(text) else {
            throw InvalidValue("is neither a duration nor a time", advice: "write 10m, 2h, 06:00, or 2030-01-31T06:00")
        }
        if time <= now { return .time(time) }
        // Only a clock time recurs every day.
        guard text.utf8.count <= 8, text.contains(":") else {
            throw InvalidValue("is in the future", advice: "name a past time")
        }
        let dayBefore = Timestamp(seconds: time.seconds - 86_400)
        guard dayBefore <= now else { throw InvalidValue("is in the future", advice: "name a past time") }
        return .time(dayBefore)
    }
}
