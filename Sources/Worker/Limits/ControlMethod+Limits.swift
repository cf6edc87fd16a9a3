import CeleryCore
import Tasks

extension ControlMethod {
    /// Orders that change limits.
    static let limiting = [
        ControlMethod("rate_limit") { worker, arguments in
            let task = arguments["task_name"]?.stringValue ?? ""
            let text = arguments["rate_limit"]?.displayText ?? "0"
            guard let rate = RateSetting(text) else { return ["error": .string("Invalid rate limit string: '\(text)'")] }
            guard worker.registry[task] != nil else { return ["error": "unknown task"] }
            try await worker.setRate(rate, of: task)
            return ["ok": .string(rate.limit == nil ? "rate limit disabled successfully" : "new rate limit set successfully")]
        }
    ]
}

extension Worker {
    /// Gives a task another rate until this worker ends.
    ///
    /// - Throws: `DriverError` when the broker keeps the rates, and cannot be told.
    fileprivate func setRate(_ rate: RateSetting, of task: String) async throws {
        if let keeper = consumer as? any LimitKeeping { try await keeper.setRate(rate.limit, of: task) }
        rates[task] = rate
        limits.setRate(rate.limit, of: task)
        log.rateChanged(task, rate.limit)
        waiting?.cancel()
    }
}
