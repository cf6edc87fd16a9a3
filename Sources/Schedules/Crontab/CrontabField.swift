import CeleryCore

/// One of the five fields of a crontab line: which numbers it allows.
struct CrontabField: Sendable, Hashable {
    /// As it was written, in lower case.
    var text: String
    /// Bit n stands for the number n.
    var values: UInt64 = 0
    /// Whether it begins with `*`, which cron takes for "not restricted" even in `*/2`.
    var isWild: Bool
    /// Days of the month counted from its end: bit n stands for n days before the last.
    var fromEnd: UInt32 = 0
    /// Weekdays counted within the month, by weekday: bit n of `[w]` stands for its n-th, bit 0 for its last.
    var occurrences: [UInt8] = []

    /// What a field means, by its place in the line.
    enum Kind: Int, Sendable, CaseIterable {
        case minute, hour, dayOfMonth, month, dayOfWeek

        /// As crontab(5) calls it.
        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of month"
            case .month: "month"
            case .dayOfWeek: "day of week"
            }
        }

        /// What `*` stands for. Sunday is 0; 7 is another word for it.
        var numbers: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...6
            }
        }

        /// Numbers that may be written.
        var written: ClosedRange<Int> { self == .dayOfWeek ? 0...7 : numbers }

        /// Names for the numbers, from the lowest up; their first three letters are names too.
        var names: [String] {
            switch self {
            case .month:
                [
                    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
                    "november", "december",
                ]
            case .dayOfWeek: ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
            default: []
            }
        }

        /// What may be written, for people.
        var allowed: String {
            switch self {
            case .minute: "0-59"
            case .hour: "0-23"
            case .dayOfMonth: "1-31, or L for the last day"
            case .month: "1-12 or jan-dec"
            case .dayOfWeek: "0-7 or sun-sat (0 and 7 are Sunday), friL for the last Friday, mon#2 for the second Monday"
            }
        }
    }

    /// Whether the number is among `values`.
    func contains(_ number: Int) -> Bool { values >> UInt64(number) & 1 == 1 }

    /// The least number in it from `number` on.
    func first(from number: Int) -> Int? {
        guard number < 64 else { return nil }
        let rest = values >> UInt64(number)
        return rest == 0 ? nil : number + rest.trailingZeroBitCount
    }

    /// Two fields are equal that mean the same, however they are written.
    static func == (left: Self, right: Self) -> Bool {
        left.values == right.values && left.isWild == right.isWild && left.fromEnd == right.fromEnd
            && left.occurrences == right.occurrences
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(values)
        hasher.combine(isWild)
        hasher.combine(fromEnd)
        hasher.combine(occurrences)
    }
}
