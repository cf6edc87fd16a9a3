import CeleryCore

/// One of the five fields of a crontab line.
struct CrontabField: Sendable, Hashable {
    /// The field as written, in lower case.
    var text: String
    /// The matching numbers: bit n stands for the number n.
    var values: UInt64 = 0
    /// Whether the field begins with `*` or `?`, which cron treats as "not restricted" even in `*/2`.
    var isWild: Bool
    /// Days counted from the end of the month: bit n stands for n days before the last.
    var fromEnd: UInt32 = 0
    /// Weekdays counted within the month: bit n of element w stands for the n-th weekday w of a month, bit 0 for the last.
    var occurrences: [UInt8] = []

    /// The meaning of a field. The raw value is its position in the line.
    enum Kind: Int, Sendable, CaseIterable {
        case minute, hour, dayOfMonth, month, dayOfWeek

        /// The name of the field in crontab(5).
        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of month"
            case .month: "month"
            case .dayOfWeek: "day of week"
            }
        }

        /// The numbers that `*` stands for. Sunday is 0; 7 is a synonym.
        var numbers: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...6
            }
        }

        /// The numbers that may be written.
        var written: ClosedRange<Int> { self == .dayOfWeek ? 0...7 : numbers }

        /// Names for the numbers, in ascending order; their first three letters are names too.
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

        /// The allowed values, for error texts.
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

    /// Whether the field matches a number.
    func contains(_ number: Int) -> Bool { values >> UInt64(number) & 1 == 1 }

    /// The first matching number at `number` or later.
    func first(from number: Int) -> Int? {
        guard number < 64 else { return nil }
        let rest = values >> UInt64(number)
        return rest == 0 ? nil : number + rest.trailingZeroBitCount
    }

    /// Fields are equal if they have the same meaning, regardless of their text.
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
