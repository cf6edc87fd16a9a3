package import CeleryCore

/// Events as messages (`event-*` in `Tests/Golden`).
package enum EventMessage {
    /// The exchange to which all listeners bind their queues.
    package static let exchange = "celeryev"

    /// Limit of task events per message, as in Python's workers.
    package static let batchLimit = 24

    /// The queue of one listener.
    package static func queue(of listener: String) -> String { "\(exchange).\(listener)" }

    /// The messages for these events, in order: task events in batches, except `task-sent`; other events separately.
    package static func messages(of events: [Event]) -> [WireMessage] {
        var messages: [WireMessage] = []
        var batch: [Event] = []
        func flush() {
            guard let first = batch.first else { return }
            let body = JSON.array(batch.map { .object(EventDocument.object($0)) })
            messages.append(message("task.multi", from: first.hostname, body))
            batch = []
        }
        for event in events {
            if event.isOfTask && event.type != "task-sent" {
                if batch.count == batchLimit || batch.first.map({ $0.hostname != event.hostname }) ?? false { flush() }
                batch.append(event)
            } else {
                flush()
                let key = event.type.split(separator: "-", omittingEmptySubsequences: false).joined(separator: ".")
                messages.append(message(key, from: event.hostname, .object(EventDocument.object(event))))
            }
        }
        flush()
        return messages
    }

    private static func message(_ key: String, from hostname: String, _ body: JSON) -> WireMessage {
        WireMessage(
            exchange: exchange, routingKey: key,
            properties: WireProperties(contentType: "application/json", contentEncoding: "utf-8", deliveryMode: 1, priority: 0),
            headers: ["hostname": .string(hostname)], body: body.bytes(style: .python))
    }

    /// The events in a message: an object or an array. Malformed ones are skipped and counted.
    package static func events(in message: WireMessage) -> (events: [Event], unreadable: Int) {
        guard let body = try? JSON(parsing: message.body) else { return ([], 1) }
        let documents = body.arrayValue ?? [body]
        var events = documents.compactMap(EventDocument.read)
        // The last will of a worker: it was written long before, and the server dates its death.
        if let time = message.headers["x-death"]?.arrayValue?.first?["time"]?.doubleValue {
            for index in events.indices where events[index].lostWorker != nil { events[index].time = Timestamp(seconds: time) }
        }
        return (events, documents.count - events.count)
    }

    /// One event as it is kept by itself.
    package static func body(of event: Event) -> [UInt8] { JSON.object(EventDocument.object(event)).bytes(style: .python) }

    /// - Returns: `nil` for a malformed event.
    package static func event(from body: [UInt8]) -> Event? { (try? JSON(parsing: body)).flatMap(EventDocument.read) }
}
