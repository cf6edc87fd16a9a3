import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker: WorkerAsking {
    /// RabbitMQ does not list workers: unless all are named, or none listens, this takes the whole time limit.
    ///
    /// - Throws: `DriverError.tryAgain` during a resource alarm.
    package func ask(
        _ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration
    ) async throws -> WorkerAnswers {
        let key = TaskID().text
        let expires = now() + limit
        let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: key, expires: expires) }
        let inbox = AnswerInbox()
        let owner = try ConnectionOwner(link.alternatives, .onDemand) { AskingConnection(key: key, inbox: inbox) }
        do {
            try await owner.perform(as: AskingConnection.self, within: .seconds(20)) {
                (connection, asking) throws(RabbitMQError) in
                try asking.send(messages.map(\.wire), connection)
            }
            let answers = try await gather(messages, workers, inbox, until: .now + limit)
            await owner.close()
            return answers
        } catch {
            await owner.abort()
            throw (error as? RabbitMQError).map { DriverError($0, at: location) } ?? error
        }
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        try await link.publish([
            Publication(ControlMessage(request, to: workers).wire, isMandatory: false, needs: [.exchange(ControlQueue.requests)])
        ])
    }

    /// Collects answers until all named workers have answered everything, no worker listens, or time is up.
    private func gather(
        _ messages: [ControlMessage], _ workers: WorkerChoice, _ inbox: AnswerInbox, until deadline: ContinuousClock.Instant
    ) async throws -> WorkerAnswers {
        var gathered = GatheredAnswers(to: messages, of: workers)
        while true {
            let seen = inbox.bell.count
            for reply in try inbox.take() { gathered.add(reply) }
            if gathered.isComplete || inbox.unheard == messages.count || .now >= deadline { return gathered.result }
            await inbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
    }
}

extension AMQPBroker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, ours and Python's, and collects answers for one second.
    ///
    /// - Throws: `DriverError.tryAgain` during a resource alarm, after some seconds.
    package func workers() async throws -> [WorkerReport] { try await askForReports(at: now()) }
}
