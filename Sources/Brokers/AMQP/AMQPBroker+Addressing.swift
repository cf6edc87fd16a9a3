import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker {
    /// The publication of a message to its queue, its exchange, or the ladder.
    func publication(of message: Message, now: Timestamp) -> Publication {
        var message = message
        describeArguments(of: &message)
        let wire = TaskMessageEncoder.encode(message, now: now)
        var needs: [Publication.Need] = []
        if let mailbox, message.replyTo == mailbox.name { needs.append(.resultQueue(mailbox, exchange: nil)) }
        // Named exchanges belong to whoever named them, except those in the settings.
        if let exchange = message.route.exchange {
            needs += topology.queues(boundTo: exchange).map(Publication.Need.taskQueue)
            return Publication(wire, isMandatory: true, needs: needs)
        }
        let queue = message.route.queue
        var publication = Publication(wire, isMandatory: true, needs: needs + [.taskQueue(queue)])
        if let key = ladderKey(for: message, now: now) {
            publication.message.exchange = DelayLadder.firstExchange
            publication.message.routingKey = key
            publication.needs.append(.ladder(to: queue))
        } else {
            publication.message.routingKey = queue
        }
        return publication
    }

    /// The publication that delivers a message to its queue at about `time`, by the ladder.
    func publication(of message: Message, delayedUntil time: Timestamp, now: Timestamp) -> Publication {
        let queue = message.route.queue
        let seconds = Int(min(max(1, (time.seconds - now.seconds).rounded()), 1e9))
        guard let key = DelayLadder.routingKey(seconds: seconds, queue: queue) else {
            // The ladder cannot reach this queue: a worker holds the message until then.
            var message = message
            message.eta = time
            return publication(of: message, now: now)
        }
        var publication = publication(of: message, now: now)
        publication.message.exchange = DelayLadder.firstExchange
        publication.message.routingKey = key
        publication.needs.append(.ladder(to: queue))
        return publication
    }

    /// The ladder's routing key for a message with a far-off ETA; `nil` for others.
    func ladderKey(for message: Message, now: Timestamp) -> String? {
        guard let eta = message.eta, eta.seconds - now.seconds > nearETA else { return nil }
        // Clamp the ETA: anybody may have chosen it, and the ladder is shorter than this.
        return DelayLadder.routingKey(seconds: Int(min(eta.seconds - now.seconds, 1e9)), queue: message.route.queue)
    }

    /// Python's workers and monitors show these texts instead of the arguments.
    private func describeArguments(of message: inout Message) {
        guard message.argsRepr == nil, let arguments = try? BodyCodec.decode(message.body) else { return }
        (message.argsRepr, message.kwargsRepr) = PythonRepr.texts(arguments, redaction)
    }
}
