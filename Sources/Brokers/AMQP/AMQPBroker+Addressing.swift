import CeleryAMQP
import CeleryCore
import RabbitMQ
import Wire

extension AMQPBroker {
    /// The message as it goes out: to its queue, its exchange, or onto the ladder.
    func publication(of message: Message, now: Timestamp) -> Publication {
        var message = message
        describeArguments(of: &message)
        let wire = TaskMessageEncoder.encode(message, now: now)
        var needs: [Publication.Need] = []
        if let mailbox, message.replyTo == mailbox.name { needs.append(.resultQueue(mailbox, exchange: nil)) }
        // A named exchange is the business of whoever named it, but for those of the settings.
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

    /// The message onto the ladder, which has it come to its queue at about that time.
    func publication(of message: Message, delayedUntil time: Timestamp, now: Timestamp) -> Publication {
        let queue = message.route.queue
        let seconds = Int(min(max(1, (time.seconds - now.seconds).rounded()), 1e9))
        guard let key = DelayLadder.routingKey(seconds: seconds, queue: queue) else {
            // The ladder cannot lead there: a worker holds it until then.
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

    /// The routing key of a message that is due too late to be held by a worker.
    func ladderKey(for message: Message, now: Timestamp) -> String? {
        guard let eta = message.eta, eta.seconds - now.seconds > nearETA else { return nil }
        // Anybody may have chosen it; the ladder is shorter than this.
        return DelayLadder.routingKey(seconds: Int(min(eta.seconds - now.seconds, 1e9)), queue: message.route.queue)
    }

    /// Python's workers and monitors show these instead of the arguments.
    private func describeArguments(of message: inout Message) {
        guard message.argsRepr == nil, let arguments = try? BodyCodec.decode(message.body) else { return }
        message.argsRepr = PythonRepr.args(arguments.args)
        message.kwargsRepr = PythonRepr.kwargs(arguments.kwargs)
    }
}
