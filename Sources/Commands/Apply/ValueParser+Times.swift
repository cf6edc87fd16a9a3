import Arguments
import CeleryCore

extension ValueParser where Value == Timestamp {
    /// A point in time; see `TimeText`.
    static var time: Self {
        Self { (text) throws(InvalidValue) in
            guard let time = TimeText().parse(text) else {
                throw InvalidValue("is not a time", advice: "write 2030-01-31T06:00, 06:00 or 'tomorrow 06:00'")
            }
            return time
        }
    }

    /// A number of seconds from now, a duration, or a point in time.
    static var timeOrDuration: Self {
        Self { (text) throws(InvalidValue) in
            if let seconds = DurationText.seconds(text) { return .now + .seconds(seconds) }
            guard let time = TimeText().parse(text) else {
                throw InvalidValue("is neither a duration nor a time", advice: "write 90s, 10m, or 2030-01-31T06:00")
            }
            return time
        }
    }
}

extension ValueParser where Value == Duration {
    /// Plain seconds, or `90s`, `10m`, `2h`, `1d`.
    static var duration: Self {
        Self { (text) throws(InvalidValue) in
            guard let seconds = DurationText.seconds(text) else {
                throw InvalidValue("is not a duration", advice: "write seconds, or 90s, 10m, 2h, 1d")
            }
            return .seconds(seconds)
        }
    }
}

extension ValueParser where Value == JSON {
    /// A JSON array.
    static var jsonArray: Self { json("array") { $0.arrayValue != nil } }
    /// A JSON object.
    static var jsonObject: Self { json("object") { $0.objectValue != nil } }

    private static func json(_ kind: String, _ isRight: @escaping @Sendable (JSON) -> Bool) -> Self {
        Self { (text) throws(InvalidValue) in
            do throws(JSONError) {
                let value = try JSON(parsing: text)
                if isRight(value) { return value }
            } catch {
                throw InvalidValue("is not JSON: \(error)")
            }
            throw InvalidValue("is not a JSON \(kind)")
        }
    }
}
