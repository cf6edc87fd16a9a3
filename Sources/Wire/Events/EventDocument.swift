package import CeleryCore

/// The JSON form of an event (`event-*` in `Tests/Golden`): common fields, details, then time and type.
package enum EventDocument {
    /// The members in Python's order.
    package static func object(_ event: Event) -> JSONObject {
        var members: [(key: String, value: JSON)] = [
            ("hostname", .string(event.hostname)), ("utcoffset", .double(event.utcOffset)), ("pid", .int(Int64(event.pid))),
            ("clock", .int(event.clock)),
        ]
        members.reserveCapacity(members.count + event.details.count + 2)
        for member in event.details.members where !commonNames.contains(member.key) { members.append(member) }
        members.append(("timestamp", .double(event.time.seconds)))
        members.append(("type", .string(event.type)))
        return JSONObject(distinct: members)
    }

    /// Parses an event; `nil` if it has no type or time, which are all a monitor needs. Anybody may have sent it: missing or
    /// invalid fields have default values.
    package static func read(_ json: JSON) -> Event? {
        guard let object = json.objectValue, let type = object["type"]?.stringValue, !type.isEmpty,
            let seconds = object["timestamp"]?.doubleValue, seconds.isFinite
        else { return nil }
        let offset = object["utcoffset"]?.doubleValue ?? 0
        var event = Event(
            type, from: object["hostname"]?.stringValue ?? "", utcOffset: offset.isFinite ? offset : 0,
            pid: object["pid"]?.intValue ?? 0, clock: Int64(object["clock"]?.intValue ?? 0), at: Timestamp(seconds: seconds))
        event.details = JSONObject(distinct: object.members.filter { !commonNames.contains($0.key) })
        return event
    }

    private static let commonNames: Set<String> = ["hostname", "utcoffset", "pid", "clock", "timestamp", "type"]
}
