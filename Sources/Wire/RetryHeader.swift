package import CeleryCore

/// Headers by which whoever submits a task overrides how it is tried again, and its memory. They are ours:
/// Python passes them on as it found them.
package enum RetryHeader {
    package static let limit = "max_retries"
    package static let delay = "retry_delay"
    package static let backoff = "retry_backoff"
    package static let backoffMaximum = "retry_backoff_max"
    package static let jitter = "retry_jitter"
    package static let until = "retry_until"
    package static let causes = "autoretry"
    package static let memory = "max_memory"

    /// A number is a length of time in seconds, text is a time in ISO 8601.
    package static func json(_ until: RetryUntil) -> JSON {
        switch until {
        case .within(let duration): .number(duration.inSeconds)
        case .at(let time): .string(ISO8601.text(time))
        }
    }

    /// `nil` for what is neither.
    package static func until(_ value: JSON?) -> RetryUntil? {
        if let text = value?.stringValue { return ISO8601.timestamp(text).map(RetryUntil.at) }
        return value?.doubleValue.map { .within(.seconds(max(0, $0.possibleSeconds))) }
    }

    /// Statuses are numbers, the others text.
    package static func json(_ causes: [RetryCause]) -> JSON {
        .array(causes.map { cause in
            if case .status(let status) = cause { return .int(Int64(status)) }
            return .string(cause.word)
        })
    }

    /// What is no cause is passed over; `nil` for what is no list.
    package static func causes(_ value: JSON?) -> [RetryCause]? {
        value?.arrayValue?.compactMap { RetryCause($0.displayText) }
    }
}
