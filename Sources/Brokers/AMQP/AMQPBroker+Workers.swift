package import CeleryCore
import Processes
import RabbitMQ
import Wire

extension AMQPBroker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, ours and Python's, and takes the answers of one second.
    ///
    /// - Throws: `DriverError.tryAgain` during an alarm, after some seconds.
    package func workers() async throws -> [WorkerReport] {
        let asked = now()
        let answers = try await ask(["stats", "active", "registered", "active_queues"])
        let names = Set(answers.values.flatMap(\.keys))
        return names.sorted().map { Self.report(of: $0, answers, asked: asked) }
    }

    /// What the answers say of one worker. Anybody may have sent them.
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

    /// A time that a calendar can show: from 1970 to the end of 9999.
    private static func possible(_ seconds: Double) -> Timestamp {
        Timestamp(seconds: seconds >= 0 ? min(seconds, 253_402_300_799) : 0)
    }

    /// What each worker answers to each question, by question and name.
    private func ask(_ methods: [String]) async throws -> [String: [String: JSON]] {
        let key = TaskID().text
        let tickets = Dictionary(uniqueKeysWithValues: methods.map { (TaskID().text, $0) })
        let requests = tickets.map { ticket, method in
            ControlMessage(ControlRequest(method: method), ticket: ticket, replyKey: key).wire
        }
        let replies = try await ask { (connection, channel) throws(RabbitMQError) in
            try connection.expectAnswers(within: .seconds(4)) { () throws(RabbitMQError) in
                try Self.collect(requests, key: key, connection, channel)
            }
        }
        var answers: [String: [String: JSON]] = [:]
        for reply in replies {
            guard let method = reply.headers["ticket"]?.stringValue.flatMap({ tickets[$0] }),
                let body = try? JSON(parsing: reply.body).objectValue
            else { continue }
            for (node, value) in body.members { answers[method, default: [:]][node] = value }
        }
        return answers
    }

    /// Sends requests and gathers what comes back within a second.
    private static func collect(
        _ requests: [WireMessage], key: String, _ connection: Connection, _ channel: UInt16
    ) throws(RabbitMQError) -> [WireMessage] {
        let queue = ControlMessage.replyQueue(of: key)
        try connection.declare(ControlQueue.requests, on: channel)
        try connection.declare(ControlQueue.replies, on: channel)
        try connection.declare(ControlQueue.queue(queue), on: channel)
        try connection.bindQueue(queue, to: ControlMessage.replyExchange, key: key, on: channel)
        for request in requests { try connection.publish(request, isMandatory: false, on: channel) }
        var replies: [WireMessage] = []
        let end = ContinuousClock.now + .seconds(1)
        while .now < end {
            if let reply = try connection.get(queue, on: channel) {
                replies.append(reply.message)
            } else {
                Syscall.pause(.milliseconds(10))
            }
        }
        try connection.deleteQueue(queue, on: channel)
        return replies
    }
}
