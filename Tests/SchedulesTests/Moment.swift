import CeleryCore

extension Timestamp {
    /// A time in UTC, written `2024-03-31 01:30` or with seconds.
    static func utc(_ text: String) -> Timestamp {
        let numbers = text.split { "- :".contains($0) }.map { Int($0)! }
        let days = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).daysSinceEpoch
        let seconds = numbers[3] * 3_600 + numbers[4] * 60 + (numbers.count > 5 ? numbers[5] : 0)
        return Timestamp(seconds: Double(days * 86_400 + seconds))
    }

    /// As `utc(_:)` reads it, without seconds.
    var utcText: String {
        let minutes = Int(seconds.rounded(.down)).flooredQuotient(by: 60)
        let date = CivilDate(daysSinceEpoch: minutes.flooredQuotient(by: 1_440))
        let minute = minutes - date.daysSinceEpoch * 1_440
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(two(date.month))-\(two(date.day)) \(two(minute / 60)):\(two(minute % 60))"
    }
}
