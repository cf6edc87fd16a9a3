import CeleryCore

extension ControlMethod {
    /// Orders about events.
    static let events = [
        ControlMethod("enable_events") { shift, _ in Self.told(shift.events?.setTaskEvents(true), "enabled") },
        ControlMethod("disable_events") { shift, _ in Self.told(shift.events?.setTaskEvents(false), "disabled") },
        ControlMethod("heartbeat") { shift, _ in
            // A monitor asks that has just come.
            shift.events?.tell(Event.heartbeat, frequency: 5, active: nil, at: shift.now())
            return .null
        },
    ]

    private static func told(_ isChange: Bool?, _ what: String) -> JSON {
        guard let isChange else { return ["error": "this worker sends no events"] }
        return ["ok": .string("task events \(isChange ? "" : "already ")\(what)")]
    }
}
