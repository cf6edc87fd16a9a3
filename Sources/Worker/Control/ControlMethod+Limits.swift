import CeleryCore

extension ControlMethod {
    /// Commands that change limits.
    static let limiting = [
        ControlMethod("rate_limit") { shift, arguments in
            let task = arguments["task_name"]?.stringValue ?? ""
            let text = arguments["rate_limit"]?.displayText ?? "0"
            guard let rate = RateSetting(text) else { return ["error": .string("Invalid rate limit string: '\(text)'")] }
            guard shift.registry[task] != nil else { return ["error": "unknown task"] }
            try await shift.gate.setRate(rate, of: task)
            return ["ok": .string(rate.limit == nil ? "rate limit disabled successfully" : "new rate limit set successfully")]
        }
    ]
}
