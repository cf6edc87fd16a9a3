package import CeleryAMQP
package import CeleryCore
import RabbitMQ
import Wire

/// One queue for each result: the `amqp://` backend of the original and of Celery up to version 4
/// (`amqp://` results of Celery 3.1 to 4.4).
///
/// Reading a result takes it from its queue and requeues it. This is slow, and only for fleets that already use it.
package final class AMQPResultStore: ResultStore {
    package let location: String
    private let link: AMQPLink
    private let expires: Double?

    private static let exchange = ExchangeDeclaration("celeryresults")
    /// Limit of results read per task: there is one, and perhaps a few of earlier attempts.
    private static let most = 100

    /// - Parameter link: a connection of its own, closed with the store.
    package init(link: AMQPLink, expires: Double?) {
        self.link = link
        self.expires = expires
        location = link.location
    }

    /// The queue's name is the id without dashes.
    private func queue(of id: TaskID) -> QueueDeclaration {
        var queue = QueueDeclaration(id.text.filter { $0 != "-" })
        queue.isAutoDeleted = true
        if let expires { queue.arguments["x-expires"] = .int(Int64(min(expires * 1_000, 4_294_967_295))) }
        return queue
    }

    package func store(_ results: [TaskResult]) async throws {
        // A task may say thousands of times how far it has come.
        for result in results where result.state.isUnderway { try await dropUnfinished(result.id) }
        try await link.publish(
            results.map { result in
                let queue = queue(of: result.id)
                let message = WireMessage(
                    exchange: Self.exchange.name, routingKey: queue.name,
                    properties: WireProperties(
                        contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 2,
                        correlationID: result.id.text),
                    body: KeptResult.document(of: result).bytes(style: .python))
                return Publication(message, isMandatory: true, needs: [.resultQueue(queue, exchange: Self.exchange)])
            })
    }

    /// Removes earlier states of a running task from its queue. A final result stays.
    private func dropUnfinished(_ id: TaskID) async throws {
        let queue = queue(of: id).name
        do {
            try await link.ask { (connection, channel) throws(RabbitMQError) in
                var count = 0
                while count < Self.most, let delivery = try connection.get(queue, on: channel) {
                    count += 1
                    let isFinal = (try? KeptResult.read(delivery.message.body))?.state.isReady ?? true
                    // Others are requeued when the channel closes.
                    if !isFinal { try connection.acknowledge(delivery.tag, isMultiple: false, on: channel) }
                }
            }
        } catch let error as DriverError where error.code == .refused {
            // There is no queue yet.
        }
    }

    package func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] {
        var found: [TaskID: TaskResult] = [:]
        for id in ids.distinct { found[id] = try await result(of: id) }
        return found
    }

    private func result(of id: TaskID) async throws -> TaskResult? {
        let queue = queue(of: id).name
        do {
            let bodies = try await link.ask { (connection, channel) throws(RabbitMQError) in
                var bodies: [[UInt8]] = []
                // Unacknowledged deliveries are requeued when the channel closes.
                while bodies.count < Self.most, let delivery = try connection.get(queue, on: channel) {
                    bodies.append(delivery.message.body)
                }
                return bodies
            }
            let results = bodies.compactMap { try? KeptResult.read($0) }
            return results.first { $0.state.isReady } ?? results.last
        } catch let error as DriverError where error.code == .refused {
            return nil
        }
    }

    package func forget(_ ids: [TaskID]) async throws -> Int {
        var count = 0
        for id in ids.distinct where try await result(of: id) != nil {
            let queue = queue(of: id).name
            try await link.ask { (connection, channel) throws(RabbitMQError) in
                try connection.deleteQueue(queue, on: channel)
            }
            count += 1
        }
        return count
    }

    package func close() async { await link.close() }
}
