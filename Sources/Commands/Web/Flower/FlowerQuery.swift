import CeleryCore
import WebServer

/// What Flower's `/api/tasks` is asked for.
struct FlowerQuery: Sendable {
    var filter = TaskFilter()
    var limit: Int
    var offset: Int
    private var worker: String?
    private var order: String?

    private static let longest = 10_000
    private static let columns = ["name", "state", "received", "started", "runtime", "worker", "uuid"]

    static let parameters: [String: WebParameterKind] = [
        "limit": .whole(1...longest), "offset": .whole(0...longest), "workername": .text(255), "taskname": .check(isName),
        "state": .check { TaskPhase.named($0) != nil }, "search": .text(1_000),
        "sort_by": .choice(columns + columns.map { "-" + $0 }),
        "received_start": .check(isTime), "received_end": .check(isTime), "started_start": .check(isTime), "started_end": .check(isTime),
    ]

    /// A name is compared as it is: a pattern would be another filter.
    private static func isName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"*?[\\".utf8.contains($0) }
    }

    private static func isTime(_ text: String) -> Bool { time(text) != nil }

    /// ISO 8601, or as Flower writes it: `2026-11-29 18:30`.
    private static func time(_ text: String) -> Timestamp? {
        guard text.utf8.count <= 40 else { return nil }
        return ISO8601.timestamp(text) ?? ISO8601.timestamp(text + ":00")
    }

    /// - Throws: `WebRefusal` with 403 for a search of results that are not shown: it would tell them.
    init(_ parameters: WebParameters, _ settings: Settings) throws(WebRefusal) {
        limit = parameters.number("limit") ?? 100
        offset = parameters.number("offset") ?? 0
        worker = parameters["workername"]
        order = parameters["sort_by"]
        filter.redaction = settings.redaction
        filter.task = parameters["taskname"]
        filter.phases = parameters["state"].flatMap(TaskPhase.named)
        filter.text = parameters["search"].flatMap { $0.isEmpty ? nil : $0 }
        if filter.text != nil, settings.web.hidesResults { throw TaskSearch.hidden }
        let starts = ["received_start", "started_start"].compactMap { parameters[$0].flatMap(Self.time) }
        let ends = ["received_end", "started_end"].compactMap { parameters[$0].flatMap(Self.time) }
        filter.since = starts.max()
        filter.until = ends.min()
    }

    /// How many tasks to look at: a worker's are picked from the newest.
    var window: Int { worker == nil ? min(Self.longest, offset + limit) : Self.longest }

    /// The wanted tasks of those, in the wanted order.
    func page(of tasks: [FlowerTask]) -> [FlowerTask] {
        var tasks = tasks
        if let worker { tasks = tasks.filter { $0.worker == worker } }
        if let order {
            let falls = order.hasPrefix("-")
            let column = falls ? String(order.dropFirst()) : order
            tasks.sort { falls ? Self.isBefore($1, $0, column) : Self.isBefore($0, $1, column) }
        }
        return Array(tasks.dropFirst(offset).prefix(limit))
    }

    private static func isBefore(_ left: FlowerTask, _ right: FlowerTask, _ column: String) -> Bool {
        func less<Value: Comparable>(_ value: (FlowerTask) -> Value?) -> Bool {
            switch (value(left), value(right)) {
            case (let left?, let right?): left < right
            case (nil, .some): true
            default: false
            }
        }
        return switch column {
        case "name": less { $0.task.task }
        case "state": less { $0.state }
        case "received": less { $0.task.submitted }
        case "started": less { $0.started }
        case "runtime": less { $0.runtime }
        case "worker": less { $0.worker }
        default: less { $0.uuid }
        }
    }
}
