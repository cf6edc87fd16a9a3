package import CeleryCore
import Proton
import Wire

// Requests and answers go by topics: who is not there does not get them, and nothing stays behind.
extension AMQP10Broker: WorkerAsking {
    package func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers {
        let key = TaskID().text
        let server = try await server()
        let mailbox = AMQP10Mailbox(options, topic: try topic(ControlMessage.replyQueue(of: key), at: server))
        do {
            _ = try await mailbox.open()
            let deadline = ContinuousClock.now + limit
            let expires = now() + limit
            let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: key, expires: expires) }
            try await send(messages.map { try telling(ControlMessage.exchange, $0.wire, at: server) })
            let answers = try await gather(messages, workers, mailbox, until: deadline)
            await mailbox.close()
            return answers
        } catch {
            await mailbox.close()
            throw (error as? ProtonError).map { DriverError($0, at: location) } ?? error
        }
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        try await send([telling(ControlMessage.exchange, ControlMessage(request, to: workers).wire, at: server())])
    }

    /// Sends an answer to whoever asked.
    func answer(_ wire: WireMessage) async throws {
        try await send([telling(ControlMessage.replyQueue(of: wire.routingKey), wire, at: server())])
    }

    private func gather(
        _ messages: [ControlMessage], _ workers: WorkerChoice, _ mailbox: AMQP10Mailbox, until deadline: ContinuousClock.Instant
    ) async throws -> WorkerAnswers {
        let indexByTicket = Dictionary(uniqueKeysWithValues: messages.enumerated().compactMap { index, message in message.ticket.map { ($0, index) } })
        var result = WorkerAnswers(count: messages.count)
        let named = Set(workers.names ?? [])
        while true {
            let seen = mailbox.bell.count
            for message in mailbox.take() {
                guard let reply = try? AMQP10Envelope.read(message), let index = reply.headers["ticket"]?.stringValue.flatMap({ indexByTicket[$0] }),
                    let body = try? JSON(parsing: reply.body).objectValue
                else { continue }
                for (worker, value) in body.members { result.answers[index].append(WorkerAnswers.Answer(worker: worker, value: value)) }
            }
            // Nobody knows how many workers there are, unless they are named.
            let isComplete = !named.isEmpty && result.answers.allSatisfy { named.isSubset(of: Set($0.map(\.worker))) }
            if isComplete || .now >= deadline { break }
            await mailbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
        result.silent = named.filter { name in result.answers.contains { !$0.contains { $0.worker == name } } }.sorted()
        return result
    }
}

extension AMQP10Broker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, and collects answers for one second.
    package func workers() async throws -> [WorkerReport] {
        let asked = now()
        let methods = ["stats", "active", "registered", "active_queues"]
        let gathered = try await ask(methods.map { ControlRequest(method: $0) }, of: .all, within: .seconds(1))
        var answers: [String: [String: JSON]] = [:]
        for (method, values) in zip(methods, gathered.answers) {
            for answer in values { answers[method, default: [:]][answer.worker] = answer.value }
        }
        return Set(answers.values.flatMap(\.keys)).sorted().map { AMQPBroker.report(of: $0, answers, asked: asked) }
    }
}
