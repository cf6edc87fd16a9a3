package import CeleryCore
import Redis
import Wire

extension RedisBroker: WorkerAsking {
    /// Redis reports how many programs received a request, so asking ends when that many have answered. A monitor receives requests
    /// too and never answers; with one connected, asking takes the whole time limit unless all workers are named.
    package func ask(_ requests: [ControlRequest], of workers: WorkerChoice, within limit: Duration) async throws -> WorkerAnswers {
        let key = TaskID().text
        let expires = now() + limit
        let messages = requests.map { ControlMessage($0, to: workers, ticket: TaskID().text, replyKey: key, expires: expires) }
        let tracking = RedisTracking(options.server)
        let mailbox = AnswerMailbox(key: key, layout: layout)
        do {
            _ = try await link.ask(mailbox.opening(now: Timestamp.now))
            let deadline = ContinuousClock.now + limit
            let listeners = try await link.ask(messages.map { telling($0.wire) }, isRepeatable: false).map { $0.intValue ?? 0 }
            let answers = try await gather(messages, workers, listeners, mailbox, tracking, until: deadline)
            await leave(mailbox, tracking)
            return answers
        } catch {
            await leave(mailbox, tracking)
            throw error
        }
    }

    private func leave(_ mailbox: AnswerMailbox, _ tracking: RedisTracking) async {
        _ = try? await link.ask(mailbox.closing)
        await tracking.close()
    }

    package func tell(_ request: ControlRequest, to workers: WorkerChoice) async throws {
        _ = try await link.ask(telling(ControlMessage(request, to: workers).wire), isRepeatable: false)
    }

    private func gather(
        _ messages: [ControlMessage], _ workers: WorkerChoice, _ listeners: [Int], _ mailbox: AnswerMailbox, _ tracking: RedisTracking,
        until deadline: ContinuousClock.Instant
    ) async throws -> WorkerAnswers {
        var gathered = GatheredAnswers(to: messages, of: workers)
        while true {
            let seen = tracking.bell.count
            let hasSome = try await tracking.look([RedisCommand("EXISTS", .text(mailbox.list))])[0].intValue == 1
            // Taken from the end at which the oldest are.
            let texts = hasSome ? try await link.ask(RedisCommand("RPOP", .text(mailbox.list), "1000"), isRepeatable: false).elements ?? [] : []
            for text in texts {
                if let reply = (try? RedisEnvelope(text.bytesValue ?? []))?.wire { gathered.add(reply) }
            }
            // All have answered that can.
            let isComplete = messages.indices.allSatisfy { gathered.count(to: $0) >= listeners[$0] || gathered.isComplete($0) }
            if isComplete || .now >= deadline { return gathered.result }
            if !texts.isEmpty { continue }
            await tracking.bell.wait(since: seen, until: min(deadline, tracking.nextLook))
            try Task.checkCancellation()
        }
    }
}

/// Where the answers to one question arrive: a queue bound to the exchange of answers, as Python's clients make one.
private struct AnswerMailbox {
    let list: String
    private let member: String
    private let bindings: String
    private let deadlines: String

    /// Milliseconds after which kombu may sweep what was left behind: its own shortest time.
    private static let lifetime = 3_600_000

    init(key: String, layout: RedisLayout) {
        let queue = ControlMessage.replyQueue(of: key)
        list = layout.list(queue, priority: 0)
        member = QueueBinding(key: key, queue: queue).text(separator: layout.separator)
        bindings = layout.bindings(ControlMessage.replyExchange)
        deadlines = layout.bindingDeadlines
    }

    func opening(now: Timestamp) -> [RedisCommand] {
        [
            RedisCommand("SADD", .text(bindings), .text(member)),
            RedisCommand(
                "ZADD", .text(deadlines), "GT", .number(Int(now.seconds * 1_000) + Self.lifetime), .text(ControlMessage.replyExchange)),
        ]
    }

    var closing: [RedisCommand] { [RedisCommand("SREM", .text(bindings), .text(member)), RedisCommand("DEL", .text(list))] }
}

extension RedisBroker: WorkerListing {
    package var knowsWorkers: Bool { false }

    /// Asks all workers, ours and Python's.
    package func workers() async throws -> [WorkerReport] { try await askForReports(at: now()) }
}
