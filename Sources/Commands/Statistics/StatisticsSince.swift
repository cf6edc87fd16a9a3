import Arguments
import CeleryCore

/// The beginning of what is counted, as `--since` takes it.
enum StatisticsSince: Sendable, Hashable {
    /// So many seconds ago, at whatever time one looks.
    case ago(Double)
    case time(Timestamp)

    func timestamp(now: Timestamp) -> Timestamp {
        switch self {
        case .ago(let seconds): Timestamp(seconds: now.seconds - seconds)
        case .time(let time): time
        }
    }

    /// A duration, or a point in time; `HH:MM` is the last time the clock showed that.
    static let parser = ValueParser<StatisticsSince> { (text) throws(InvalidValue) in
        if let seconds = DurationText.seconds(text) { return .ago(seconds) }
        let now = Timestamp.now
        guard let time = TimeText(now: now).parse(text) else {
            throw InvalidValue("is neither a duration nor a time", advice: "write 10m, 2h, 06:00, or 2030-01-31T06:00")
        }
        if time <= now { return .time(time) }
        // Only a clock time is of every day.
        guard text.utf8.count <= 8, text.contains(":") else {
            throw InvalidValue("is still to come", advice: "name a time that has passed")
        }
        let dayBefore = Timestamp(seconds: time.seconds - 86_400)
        guard dayBefore <= now else { throw InvalidValue("is still to come", advice: "name a time that has passed") }
        return .time(dayBefore)
    }
}
