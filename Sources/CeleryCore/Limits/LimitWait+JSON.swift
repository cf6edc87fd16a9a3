extension LimitWait {
    /// The form in which a worker reports it.
    package var json: JSON {
        switch self {
        case .rate(let task, let interval, let next):
            ["wait": "rate", "task": .string(task), "interval": .double(interval), "next": .double(next.seconds)]
        case .slot(let task, let key, let slots, let holders):
            [
                "wait": "place", "task": .string(task), "key": .string(key), "places": .int(Int64(slots)),
                "held_by": .array(holders.map { .string($0.text) }),
            ]
        case .turn(let task, let key): ["wait": "turn", "task": .string(task), "key": .string(key)]
        }
    }

    /// - Returns: `nil` if malformed: anybody may have sent it.
    package init?(json: JSON) {
        guard let task = json["task"]?.stringValue else { return nil }
        let key = json["key"]?.stringValue ?? ""
        switch json["wait"]?.stringValue {
        case "rate":
            guard let next = json["next"]?.doubleValue, let interval = json["interval"]?.doubleValue, next.isFinite else { return nil }
            self = .rate(task: task, interval: interval, next: Timestamp(seconds: next))
        case "place":
            guard let slots = json["places"]?.intValue else { return nil }
            let holders = json["held_by"]?.arrayValue ?? []
            self = .slot(task: task, key: key, of: slots, heldBy: holders.compactMap { $0.stringValue.map { TaskID($0) } })
        case "turn": self = .turn(task: task, key: key)
        default: return nil
        }
    }
}
