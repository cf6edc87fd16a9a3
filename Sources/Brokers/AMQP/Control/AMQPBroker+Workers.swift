package import CeleryCore

extension AMQPBroker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, ours and Python's, and collects answers for one second.
    ///
    /// - Throws: `DriverError.tryAgain` during a resource alarm, after some seconds.
    package func workers() async throws -> [WorkerReport] {
        let asked = now()
        let methods = ["stats", "active", "registered", "active_queues"]
        let gathered = try await ask(methods.map { ControlRequest(method: $0) }, of: .all, within: .seconds(1))
        var answers: [String: [String: JSON]] = [:]
        for (method, values) in zip(methods, gathered.answers) {
            for answer in values { answers[method, default: [:]][answer.worker] = answer.value }
        }
        let names = Set(answers.values.flatMap(\.keys))
        return names.sorted().map { Self.report(of: $0, answers, asked: asked) }
    }

    /// Reads the answers of one worker. They are not trusted: anybody may have sent them.
    static func report(of name: String, _ answers: [String: [String: JSON]], asked: Timestamp) -> WorkerReport {
        let statistics = answers["stats"]?[name]
        let uptime = statistics?["uptime"]?.doubleValue ?? 0
        var report = WorkerReport(
            name: name, pid: statistics?["pid"]?.intValue ?? 0,
            queues: (answers["active_queues"]?[name]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue },
            started: possible(asked.seconds - uptime), running: [],
            // `name [rate_limit=...]`
            tasks: (answers["registered"]?[name]?.arrayValue ?? []).compactMap {
                $0.stringValue.map { String($0.prefix { $0 != " " }) }
            })
        report.running = (answers["active"]?[name]?.arrayValue ?? []).compactMap { task in
            guard let id = task["id"]?.stringValue else { return nil }
            return WorkerReport.RunningTask(
                id: TaskID(id), task: task["name"]?.stringValue ?? "",
                attempt: task["delivery_info"]?["redelivered"] == true ? 2 : 1,
                started: possible(task["time_start"]?.doubleValue ?? asked.seconds))
        }
        return report
    }

    /// Clamps a time to the range of calendars: 1970 to the end of 9999.
    private static func possible(_ seconds: Double) -> Timestamp {
        Timestamp(seconds: seconds >= 0 ? min(seconds, 253_402_300_799) : 0)
    }
}
