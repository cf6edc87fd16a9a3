import Testing

@testable import Schedules

@Suite struct CrontabFieldTests {
    private func numbers(_ text: String, _ kind: CrontabField.Kind) throws -> [Int] {
        let field = try CrontabField(text, kind)
        return (0..<64).filter(field.contains)
    }

    @Test(arguments: [
        ("*", .hour, Array(0...23)), ("?", .hour, Array(0...23)), ("5", .minute, [5]), ("05", .minute, [5]), ("1,3,2", .minute, [1, 2, 3]),
        ("10-13", .minute, [10, 11, 12, 13]), ("*/20", .minute, [0, 20, 40]), ("1-10/3", .minute, [1, 4, 7, 10]), ("5/15", .minute, [5, 20, 35, 50]),
        ("*/5", .dayOfMonth, [1, 6, 11, 16, 21, 26, 31]), ("10/10", .dayOfMonth, [10, 20, 30]), ("jan,DEC", .month, [1, 12]), ("mar-May", .month, [3, 4, 5]),
        ("september", .month, [9]), ("sun", .dayOfWeek, [0]), ("7", .dayOfWeek, [0]), ("0-7", .dayOfWeek, Array(0...6)), ("5-7", .dayOfWeek, [0, 5, 6]),
        ("sat-sun", .dayOfWeek, [0, 6]), ("mon-fri", .dayOfWeek, [1, 2, 3, 4, 5]), ("Monday", .dayOfWeek, [1]), ("sun-tue", .dayOfWeek, [0, 1, 2]),
        ("*/2", .dayOfWeek, [0, 2, 4, 6]), ("1/2", .dayOfWeek, [1, 3, 5]), ("7/2", .dayOfWeek, [0]), ("0-59/59", .minute, [0, 59]), ("*/60", .minute, [0]),
        ("50/20", .minute, [50]), ("5,*/30", .minute, [0, 5, 30]),
    ] as [(String, CrontabField.Kind, [Int])])
    func `reads numbers, names, ranges, steps and lists`(_ text: String, _ kind: CrontabField.Kind, _ expected: [Int]) throws {
        #expect(try numbers(text, kind) == expected)
    }

    @Test func `knows which fields begin with a star`() throws {
        #expect(try ["*", "*/2", "*,3", "?"].allSatisfy { try CrontabField($0, .minute).isWild })
        #expect(try !["0-59", "3,*", "5"].contains { try CrontabField($0, .minute).isWild })
    }

    @Test(arguments: [
        ("61", .minute, "'61' in the minute field is not allowed; allowed: 0-59"),
        ("24", .hour, "'24' in the hour field is not allowed; allowed: 0-23"),
        ("0", .dayOfMonth, "'0' in the day of month field is not allowed; allowed: 1-31, or L for the last day"),
        ("13", .month, "'13' in the month field is not allowed; allowed: 1-12 or jan-dec"),
        ("8", .dayOfWeek, "'8' in the day of week field is not allowed; allowed: 0-7 or sun-sat (0 and 7 are Sunday), friL for the last Friday, mon#2 for the second Monday"),
        ("febr", .month, "'febr' in the month field is not allowed; did you mean 'feb'?"),
        ("mnoday", .dayOfWeek, "'mnoday' in the day of week field is not allowed; did you mean 'monday'?"),
        ("x", .minute, "'x' in the minute field is not allowed; allowed: 0-59"),
        ("-5", .minute, "'-5' in the minute field lacks a number; allowed: 0-59"),
        ("5-", .minute, "'5-' in the minute field lacks a number; allowed: 0-59"),
        ("", .minute, "the minute field has an empty part; allowed: 0-59"),
        ("1,,2", .minute, "the minute field has an empty part; allowed: 0-59"),
        ("22-2", .hour, "'22-2' in the hour field runs backwards; write 22-23,0-2"),
        ("fri-mon", .dayOfWeek, "'fri-mon' in the day of week field runs backwards; write 5-6,0-1"),
        ("nov-jan", .month, "'nov-jan' in the month field runs backwards; write 11-12,1"),
        ("7-2", .dayOfWeek, "'7-2' in the day of week field runs backwards; write 7,0-2"),
        ("*/0", .minute, "'*/0' in the minute field has an invalid step; after '/' write a number from 1 to 60"),
        ("*/", .minute, "'*/' in the minute field has an invalid step; after '/' write a number from 1 to 60"),
        ("*/90", .minute, "'*/90' in the minute field has too large a step; steps are at most 60; for every 90 minutes write the interval 90m"),
        ("1/2/3", .minute, "'1/2/3' in the minute field has an invalid step; after '/' write a number from 1 to 60"),
        ("**", .minute, "'**' in the minute field is not allowed; allowed: 0-59"),
        ("+5", .minute, "'+5' in the minute field is not allowed; allowed: 0-59"),
        ("00005", .minute, "'00005' in the minute field is not allowed; allowed: 0-59"),
        ("L", .dayOfWeek, "'l' in the day of week field is not a day of the week; write friL for the last Friday of a month, sat for Saturday"),
        ("mon#6", .dayOfWeek, "'mon#6' in the day of week field is not a weekday of a month; after '#' write 1 to 5, or friL for the last Friday"),
        ("L-31", .dayOfMonth, "'l-31' in the day of month field is not a day; write L for the last day of the month, L-3 for three days before it"),
        ("15W", .dayOfMonth, "'15w' in the day of month field is not allowed; allowed: 1-31, or L for the last day"),
    ] as [(String, CrontabField.Kind, String)])
    func `names the field, the text and what is allowed`(_ text: String, _ kind: CrontabField.Kind, _ message: String) {
        let error = #expect(throws: ScheduleError.self) { try CrontabField(text, kind) }
        #expect(error?.description == message)
        #expect(error?.code == .badField)
    }
}
