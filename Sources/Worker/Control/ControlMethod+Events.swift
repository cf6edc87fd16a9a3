import CeleryCore

extension ControlMethod {
    /// Orders about events.
    static let events = [
        ControlMethod("enable_events") { worker, _ in Self.told(worker.setTaskEvents(true), "enabled") },
        ControlMethod("disable_events") { worker, _ in Self.told(worker.setTaskEvents(false), "disabled") },
        ControlMethod("heartbeat") { worker, _ in
            worker.answerHeartbeat()
            return .null
        },
    ]

    private static func told(_ isChange: Bool?, _ what: String) -> JSON {
        guard let isChange else { return ["error": "this worker sends no events"] }
        return ["ok": .string("task events \(isChange ? "" : "already ")\(what)")]
    }
}
