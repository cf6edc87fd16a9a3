import CeleryCore

/// What one of our workers says about itself, as JSON.
struct RedisWorkerRecord: Sendable {
    var name: String
    var pid: Int
    var queues: [String]
    var started: Timestamp
    /// Names of the tasks that it can run.
    var tasks: [String] = []

    init(_ identity: WorkerIdentity, queues: [String], started: Timestamp) {
        (name, pid, self.queues, self.started) = (identity.name, identity.pid, queues, started)
    }

    var bytes: [UInt8] {
        JSON.object([
            "name": .string(name), "pid": .int(Int64(pid)), "queues": .array(queues.map(JSON.string)), "started": .double(started.seconds), "tasks": .array(tasks.map(JSON.string)),
        ]).bytes()
    }

    /// - Returns: `nil` for a record of another version, or a malformed one.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), let name = json["name"]?.stringValue else { return nil }
        self.name = name
        pid = json["pid"]?.intValue ?? 0
        queues = (json["queues"]?.arrayValue ?? []).compactMap(\.stringValue)
        started = Timestamp(seconds: json["started"]?.doubleValue ?? 0)
        tasks = (json["tasks"]?.arrayValue ?? []).compactMap(\.stringValue)
    }

    /// The worker as one that was lost.
    func lost(at time: Timestamp) -> LostWorker {
        LostWorker(name: name, pid: pid, queues: queues, started: started, lost: time)
    }
}
