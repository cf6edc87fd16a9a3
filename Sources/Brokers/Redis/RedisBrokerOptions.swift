package import CeleryCore
package import Redis

/// How a Redis server is used as a broker, read from its URL: the server, and what all programs that share its queues must agree on.
///
/// The names and defaults are those of `broker_transport_options` in Python's Celery, where they are given apart from the URL.
package struct RedisBrokerOptions: Sendable {
    package var server: RedisOptions
    /// Seconds after which Python's workers put back what is not acknowledged; we renew what we hold long before.
    package var visibilityTimeout = 3_600.0
    /// Before every key and channel, as it is: `global_keyprefix`.
    package var keyPrefix = ""
    /// The smallest priorities of the lists of a queue, the first of which is 0; they are served in this order.
    package var prioritySteps = [0, 3, 6, 9]
    /// Between the name of a queue and a step, and between the parts of a binding.
    package var separator = "\u{06}\u{16}"
    /// Before the exchange in the name of a channel.
    package var fanoutPrefix: String
    /// Which of several queues comes first.
    package var order = QueueOrder.roundRobin

    /// `queue_order_strategy`.
    package enum QueueOrder: String, Sendable, CaseIterable {
        /// By turns, according to their weights.
        case roundRobin = "round_robin"
        /// By name.
        case sorted
        /// As they are named.
        case priority
    }

    private static let names = [
        "visibility_timeout", "global_keyprefix", "priority_steps", "sep", "fanout_prefix", "queue_order_strategy",
    ]

    /// - Throws: `DriverError.configuration`, naming the option.
    package init(_ url: ServiceURL, connectTimeout: Duration = .seconds(4)) throws {
        var rest = url
        rest.query.removeAll { Self.names.contains($0.name) }
        do throws(RedisError) {
            server = try RedisOptions(rest, connectTimeout: connectTimeout, others: Self.names)
        } catch {
            throw DriverError(error, at: "")
        }
        fanoutPrefix = "/\(server.database)."
        var seen: Set<String> = []
        for item in url.query where Self.names.contains(item.name) {
            guard seen.insert(item.name).inserted else { throw complaint("option '\(item.name)' is given twice") }
            try take(item)
        }
    }

    private mutating func take(_ item: ServiceURL.QueryItem) throws {
        switch item.name {
        case "visibility_timeout":
            guard let seconds = Double(item.value), seconds >= 1, seconds <= 1e9 else {
                throw complaint("visibility_timeout must be a number of seconds, at least 1")
            }
            visibilityTimeout = seconds
        case "global_keyprefix": keyPrefix = try plain(item)
        case "priority_steps":
            let steps = item.value.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            guard steps.first == 0, steps.allSatisfy({ $0.map { (0...9).contains($0) } ?? false }), zip(steps, steps.dropFirst()).allSatisfy({ $0! < $1! })
            else { throw complaint("priority_steps must be rising numbers from 0 up to 9, such as 0,3,6,9") }
            prioritySteps = steps.compactMap { $0 }
        case "sep":
            separator = try plain(item)
            guard !separator.isEmpty else { throw complaint("sep is empty") }
        case "fanout_prefix":
            switch item.value.lowercased() {
            case "true", "1": break
            case "false", "0", "": fanoutPrefix = ""
            default: fanoutPrefix = try plain(item)
            }
        default:
            guard let order = QueueOrder(rawValue: item.value) else {
                throw complaint("queue_order_strategy must be round_robin, sorted or priority")
            }
            self.order = order
        }
    }

    private func plain(_ item: ServiceURL.QueryItem) throws -> String {
        guard RedisLayout.isPlain(item.value) else { throw complaint("\(item.name) has a line break or NUL in it") }
        return item.value
    }

    private func complaint(_ text: String) -> DriverError { DriverError(.configuration, "\(server.location): \(text)") }
}
