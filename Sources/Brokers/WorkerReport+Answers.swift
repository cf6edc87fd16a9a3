import CeleryCore

extension WorkerAsking {
    /// Asks all workers, ours and Python's, what they are and do, and collects answers for one second.
    func askForReports(at asked: Timestamp) async throws -> [WorkerReport] {
        let methods = ["stats", "active", "registered", "active_queues"]
        let gathered = try await ask(methods.map { ControlRequest(method: $0) }, of: .all, within: .seconds(1))
        var answers: [String: [String: JSON]] = [:]
        for (method, values) in zip(methods, gathered.answers) {
            for answer in values { answers[method, default: [:]][answer.worker] = answer.value }
        }
        return Set(answers.values.flatMap(\.keys)).sorted().map { WorkerReport(of: $0, answers, asked: asked) }
    }
}

extension WorkerReport {
    /// Reads the answers of one worker, by method and worker. They are not trusted: anybody may have sent them.
    init(of name: String, _ answers: [String: [String: JSON]], asked: Timestamp) {
        let statistics = answers["stats"]?[name]
        let uptime = statistics?["uptime"]?.doubleValue ?? 0
        self.init(
            name: name, pid: statistics?["pid"]?.intValue ?? 0,
            queues: (answers["active_queues"]?[name]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue },
            started: Self.possible(asked.seconds - uptime), running: [],
            // `name [rate_limit=...]`
            tasks: (answers["registered"]?[name]?.arrayValue ?? []).compactMap {
                $0.stringValue.map { String($0.prefix { $0 != " " }) }
            })
        running = (answers["active"]?[name]?.arrayValue ?? []).compactMap { task in
            guard let id = task["id"]?.stringValue else { return nil }
            return RunningTask(
                id: TaskID(id), task: task["name"]?.stringValue ?? "",
                attempt: task["delivery_info"]?["redelivered"] == true ? 2 : 1,
                started: Self.possible(task["time_start"]?.doubleValue ?? asked.seconds))
        }
    }

    /// Clamps a time to the range of calendars: 1970 to the end of 9999.
    private static func possible(_ seconds: Double) -> Timestamp {
        Timestamp(seconds: seconds >= 0 ? min(seconds, 253_402_300_799) : 0)
    }
}
