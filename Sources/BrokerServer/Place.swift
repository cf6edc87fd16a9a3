import CeleryCore
import CeleryZMQ
import Synchronization

/// What the server keeps for one connection of a client.
final class Place: Sendable {
    let owner: Caller
    let content: Content
    let used: Mutex<ContinuousClock.Instant>

    enum Content: Sendable {
        case subscription(Subscription)
        case seat(any BeatSeat)
        case feed(any EventFeed)
    }

    init(_ content: Content, of owner: Caller) {
        (self.content, self.owner) = (content, owner)
        used = Mutex(.now)
    }
}

/// A worker's subscription.
final class Subscription: Sendable {
    let consumer: any BrokerConsumer
    /// The take under way, whose deliveries must not appear after the worker has subscribed again.
    let taking = Mutex<Task<[Delivery], any Error>?>(nil)
    let control = ControlMailbox()

    init(_ consumer: any BrokerConsumer) { self.consumer = consumer }

    /// Ends a waiting take of an earlier connection.
    func endTaking() async {
        let task = taking.withLock { $0 }
        task?.cancel()
        _ = await task?.result
    }
}

/// Requests of remote control on their way to a worker, and its answers on their way back.
final class ControlMailbox: Sendable {
    private struct State {
        var number: Int64 = 0
        var waiting: [(number: Int64, request: ControlRequest)] = []
        var answers: [Int64: SetOnce<JSON?>] = [:]
        var isListening = false
    }

    private let state = Mutex(State())
    private let bell = Bell()

    /// How long a worker may take to answer, and how many requests wait for it.
    private static let patience: Duration = .seconds(30)
    private static let most = 1_000

    /// - Returns: Whether this is the first call.
    func beginListening() -> Bool {
        state.withLock { state in
            defer { state.isListening = true }
            return !state.isListening
        }
    }

    /// Passes a request on.
    ///
    /// - Returns: The answer; `nil` if the worker gives none in time.
    func ask(_ request: ControlRequest) async -> JSON? {
        let answer = SetOnce<JSON?>()
        let number = state.withLock { state -> Int64? in
            guard state.waiting.count < Self.most else { return nil }
            state.number += 1
            state.waiting.append((state.number, request))
            state.answers[state.number] = answer
            return state.number
        }
        guard let number else { return nil }
        bell.ring()
        let alarm = AlarmClock.shared.set(at: .now + Self.patience) { self.answer(number, nil) }
        defer { AlarmClock.shared.cancel(alarm) }
        return await answer.value()
    }

    /// The requests that have come; waits for one.
    func requests(until deadline: ContinuousClock.Instant) async -> [(number: Int64, request: ControlRequest)] {
        while true {
            let seen = bell.count
            let requests = state.withLock { state in
                defer { state.waiting = [] }
                return state.waiting
            }
            if !requests.isEmpty || deadline <= .now || Task.isCancelled { return requests }
            await bell.wait(since: seen, until: deadline)
        }
    }

    func answer(_ number: Int64, _ value: JSON?) {
        let answer = state.withLock { state in
            state.waiting.removeAll { $0.number == number }
            return state.answers.removeValue(forKey: number)
        }
        answer?.set(value)
    }
}
