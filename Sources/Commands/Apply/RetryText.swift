import Arguments
import CeleryCore

/// How a wait that grows is used.
enum RetryJitter: String, CaseIterable, Sendable {
    /// A random part of it, from none to all.
    case full
    /// All of it.
    case whole = "none"
}

extension ValueParser where Value == RetryUntil {
    /// A length of time from the submission, or a point in time.
    static var retryEnd: Self {
        Self { (text) throws(InvalidValue) in
            if let seconds = DurationText.seconds(text) { return .within(.seconds(seconds)) }
            return .at(try ValueParser<Timestamp>.timeOrDuration.parse(text))
        }
    }
}

extension ValueParser where Value == [RetryCause] {
    /// Words parted by commas.
    static var retryCauses: Self {
        Self { (text) throws(InvalidValue) in
            do throws(InvalidRetryCause) {
                return try RetryCause.list(text)
            } catch {
                throw InvalidValue("names '\(error.word)', of which no task can fail", advice: "write exit statuses from 1 to 255, signals such as SIGTERM, names of errors, or any")
            }
        }
    }
}

extension ValueParser where Value == Int {
    /// An amount of memory: bytes, or `64k`, `64m`, `1g`.
    static var memory: Self {
        Self { (text) throws(InvalidValue) in
            guard let bytes = ByteCountText.bytes(text), bytes > 0 else {
                throw InvalidValue("is not an amount of memory", advice: "write bytes, or 64k, 64m, 1g")
            }
            return bytes
        }
    }
}
