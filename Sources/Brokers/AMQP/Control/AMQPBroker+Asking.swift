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
        let indexByTicket = Dictionary(uniqueKeysWithValues: messages.enumerated().compactMap { index, message in message.ticket.map { ($0, index) } })
        var result = WorkerAnswers(count: messages.count)
        /// Outstanding answers of named workers.
        var open = Set(messages.indices.flatMap { index in (workers.names ?? []).map { OpenQuestion(index: index, worker: $0) } })
        let knowsEnd = !open.isEmpty
        while !(knowsEnd && open.isEmpty) {
            let seen = inbox.bell.count
            for reply in try inbox.take() {
                guard let index = reply.headers["ticket"]?.stringValue.flatMap({ indexByTicket[$0] }),
                    let body = try? JSON(parsing: reply.body).objectValue
                else { continue }
                for (worker, value) in body.members {
                    result.answers[index].append(WorkerAnswers.Answer(worker: worker, value: value))
                    open.remove(OpenQuestion(index: index, worker: worker))
                }
            }
            if (knowsEnd && open.isEmpty) || inbox.unheard == messages.count || .now >= deadline { break }
            await inbox.bell.wait(since: seen, until: deadline)
            try Task.checkCancellation()
        }
        result.silent = open.map(\.worker).distinct.sorted()
        return result
    }
}

/// An outstanding answer.
private struct OpenQuestion: Hashable {
    var index: Int
    var worker: String
}
