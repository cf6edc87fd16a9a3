import CeleryCore
import CeleryZMQ
import Synchronization

/// The broker and result store that are served, and what is kept for clients.
final class Service: Sendable {
    let broker: any Broker
    let store: any ResultStore
    let ending: BrokerServer.Ending
    /// What is not shown of arguments.
    let redaction: Redaction
    let now: @Sendable () -> Timestamp
    let places = Places()
    let pulse: ResultPulse
    /// The last report of each worker's statistics.
    let reports = Mutex<[String: Int64]>([:])

    init(_ terms: BrokerServer.Terms) {
        (broker, store, ending, redaction, now) = (terms.broker, terms.store, terms.ending, terms.redaction, terms.now)
        pulse = ResultPulse(terms.store)
    }

    /// The packed answer to a request. Never fails: an error is an answer.
    func answer(_ request: RequestEnvelope, from caller: Caller) async -> [UInt8] {
        func reply(_ status: ReplyEnvelope.Status, _ body: [UInt8]) -> [UInt8] {
            Packer.bytes(of: ReplyEnvelope(number: request.number, status: status, body: body))
        }
        do {
            guard let answer = Answers.table[request.verb] else {
                throw DriverError(.unsupported, "the broker does not know '\(request.verb.forLog)'", hint: "run the same version of celery on both machines")
            }
            guard caller.role >= answer.verb.role else { throw Self.refusal(of: request.verb, caller) }
            let body = try await answer.run(Call(service: self, caller: caller, place: request.place), request.body)
            guard body.count < WireBounds.messageBytes - 64 else {
                throw DriverError(.refused, "the answer is too large for one message: \(body.count >> 20) MB", hint: "ask for less at a time")
            }
            return reply(.done, body)
        } catch is UnknownPlace {
            return reply(.unknownPlace, [])
        } catch {
            return reply(.failed, Packer.bytes(of: Self.error(error)))
        }
    }

    /// - Returns: `noPermission`, which names what is missing.
    static func refusal(of verb: String, _ caller: Caller) -> DriverError {
        DriverError(
            .noPermission, "the broker lets this client \(caller.role.rawValue), which does not include '\(verb)'",
            hint: caller.key.isEmpty
                ? "control and purge through a plain connection are refused; use keys (celery broker --keygen), or run the command on the broker's machine"
                : "give its key another role in the allow list of the broker")
    }

    /// An error as the client gets it.
    private static func error(_ error: any Error) -> DriverError {
        switch error {
        case let error as DriverError: error
        case is CancellationError: DriverError(.tryAgain, "interrupted")
        case let error as UnpackError: DriverError(.refused, "the broker cannot read the request: \(error)")
        case let error as JSONError: DriverError(.refused, "the broker cannot read the request: \(error)")
        default: DriverError(.refused, "the broker cannot do this: \(error)")
        }
    }
}

/// There is no such place for this connection.
struct UnknownPlace: Error {}

/// One request, and what there is to answer it.
struct Call: Sendable {
    let service: Service
    let caller: Caller
    let place: String

    /// The broker with a capability.
    ///
    /// - Throws: `DriverError.unsupported`.
    func broker<Power>(_ power: Power.Type, to what: String) throws -> Power {
        guard let power = service.broker as? Power else { throw DriverError.lacks(what, service.broker.location) }
        return power
    }

    /// The result store with a capability.
    ///
    /// - Throws: `DriverError.unsupported`.
    func store<Power>(_ power: Power.Type, to what: String) throws -> Power {
        guard let power = service.store as? Power else { throw DriverError.lacks(what, service.store.location) }
        return power
    }

    /// The subscription of the request.
    ///
    /// - Throws: `UnknownPlace`.
    func subscription() throws -> Subscription {
        guard case .subscription(let subscription)? = service.places.place(place, of: caller)?.content else { throw UnknownPlace() }
        return subscription
    }

    /// The subscription's consumer with a capability.
    ///
    /// - Throws: `UnknownPlace`; `DriverError.unsupported`.
    func consumer<Power>(_ power: Power.Type, to what: String) throws -> Power {
        guard let power = try subscription().consumer as? Power else { throw DriverError.lacks(what, service.broker.location) }
        return power
    }

    func seat() throws -> any BeatSeat {
        guard case .seat(let seat)? = service.places.place(place, of: caller)?.content else { throw UnknownPlace() }
        return seat
    }

    func feed() throws -> any EventFeed {
        guard case .feed(let feed)? = service.places.place(place, of: caller)?.content else { throw UnknownPlace() }
        return feed
    }

    /// When a waiting request is answered at the latest.
    func deadline(_ wait: Duration) -> ContinuousClock.Instant { .now + max(.zero, min(wait, WireBounds.waiting)) }

    /// The filter with what the server does not show.
    func filter(_ filter: TaskFilter) -> TaskFilter {
        var filter = filter
        filter.redaction = service.redaction
        return filter
    }
}

extension Int {
    /// The number within bounds: anybody may have sent it.
    func bounded(_ most: Int) -> Int { Swift.max(0, Swift.min(self, most)) }
}
