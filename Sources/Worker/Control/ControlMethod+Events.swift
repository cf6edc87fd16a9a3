import CeleryCore

extension ControlMethod {
    /// Commands about events.
    static let events = [
        ControlMethod("enable_events") { shift, _ in Self.switchAnswer(shift.events?.setTaskEvents(true), "enabled") },
        ControlMethod("disable_events") { shift, _ in Self.switchAnswer(shift.events?.setTaskEvents(false), "disabled") },
        ControlMethod("heartbeat") { shift, _ in
            // A monitor that has just started asks for this.
            shift.events?.tell(Event.heartbeat, frequency: 5, active: nil, at: shift.now())
            return .null
        },
    ]

    private static func switchAnswer(_ isChange: Bool?, _ what: String) -> JSON {
        guard let isChange else { return ["error": "this worker sends no events"] }
        return ["ok": .string("task events \(isChange ? "" : "already ")\(what)")]
    }
}
