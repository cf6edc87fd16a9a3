import CeleryCore
import CeleryZMQ
import Synchronization

/// How the server answers a verb.
struct Answer: Sendable {
    let verb: any AnyVerb
    /// Reads the request and packs the answer.
    let run: @Sendable (Call, [UInt8]) async throws -> [UInt8]

    init<Request, Reply>(_ verb: Verb<Request, Reply>, _ answer: @escaping @Sendable (Call, Request) async throws -> Reply) {
        self.verb = verb
        run = { call, body in Packer.bytes(of: try await answer(call, try Unpacker.value(Request.self, of: body))) }
    }

    /// A verb without an answer.
    init<Request>(doing verb: Verb<Request, Nothing>, _ answer: @escaping @Sendable (Call, Request) async throws -> Void) {
        self.verb = verb
        run = { call, body in
            try await answer(call, try Unpacker.value(Request.self, of: body))
            return []
        }
    }
}

/// The server's side of the table of verbs.
enum Answers {
    static let table: [String: Answer] = Dictionary(
        uniqueKeysWithValues: (ofBroker + ofCommands + ofStore + ofSubscription + ofLimits + ofPlaces).map { ($0.verb.name, $0) })

    /// Tasks, messages and letters that are listed at once: a client asks for the next page.
    static let most = 10_000

    static let ofBroker: [Answer] = [
        Answer(Verbs.hello) { call, _ in Hello(role: call.caller.role) },
        Answer(doing: Verbs.probe) { _, _ in },
        Answer(doing: Verbs.publish) { call, messages in try await call.service.broker.publish(messages) },
        Answer(Verbs.publishKeyed) { call, request in
            try await call.broker((any KeyedPublishing).self, to: "keep keys").publish(
                request.first, key: request.second, ttl: max(.zero, request.third))
        },
        Answer(Verbs.queues) { call, _ in try await call.broker((any QueueCounting).self, to: "count messages").queues() },
        Answer(Verbs.queue) { call, name in try await call.broker((any QueueCounting).self, to: "count messages").count(of: name) },
        Answer(Verbs.oldestWaiting) { call, _ in try await call.broker((any AgeKnowing).self, to: "tell ages").oldestWaiting() },
        Answer(Verbs.locate) { call, ids in try await call.broker((any MessageLocating).self, to: "locate messages").locate(ids) },
        Answer(Verbs.standing) { call, id in try await call.broker((any MessageShowing).self, to: "show messages").standing(of: id) },
        Answer(Verbs.limitWait) { call, id in try await call.broker((any LimitReporting).self, to: "keep limits").limitWait(of: id) },
        Answer(Verbs.waitingTasks) { call, request in
            try await call.broker((any WaitingListing).self, to: "list tasks").waitingTasks(
                call.filter(request.first), limit: request.second.bounded(most))
        },
        Answer(Verbs.messageIDs) { call, request in
            try await call.broker((any TaskIDListing).self, to: "list ids").taskIDs(startingWith: request.first, limit: request.second.bounded(most))
        },
        Answer(Verbs.workers) { call, _ in try await call.broker((any WorkerListing).self, to: "list workers").workers() },
        Answer(Verbs.lostWorkers) { call, _ in try await call.broker((any LossTelling).self, to: "tell lost workers").lostWorkers() },
        Answer(Verbs.withdraw) { call, ids in try await call.broker((any MessageWithdrawing).self, to: "withdraw messages").withdraw(ids) },
        Answer(Verbs.purge) { call, queues in try await call.broker((any QueuePurging).self, to: "purge queues").purge(queues) },
        Answer(Verbs.deadLetters) { call, request in
            try await call.broker((any DeadLetterKeeping).self, to: "keep dead letters").deadLetters(
                request.first, limit: request.second.bounded(most), withContent: request.third)
        },
        Answer(doing: Verbs.bury) { call, request in
            try await call.broker((any DeadLetterKeeping).self, to: "keep dead letters").bury(request.first, request.second)
        },
        Answer(Verbs.replay) { call, request in
            try await call.broker((any DeadLetterKeeping).self, to: "keep dead letters").replay(
                request.first, limit: request.second.bounded(most), to: request.third)
        },
        Answer(Verbs.dropDeadLetters) { call, request in
            try await call.broker((any DeadLetterKeeping).self, to: "keep dead letters").dropDeadLetters(
                request.first, limit: request.second.bounded(most))
        },
        Answer(doing: Verbs.addStatistics) { call, report in
            let keeping = try call.broker((any StatisticsKeeping).self, to: "keep statistics")
            // Sent again if the answer was lost.
            guard call.service.reports.withLock({ $0[report.worker] }) != report.number else { return }
            try await keeping.add(report)
            call.service.reports.withLock { reports in
                if reports.count >= most { reports = [:] }
                reports[report.worker] = report.number
            }
        },
        Answer(Verbs.statistics) { call, since in
            try await call.broker((any StatisticsKeeping).self, to: "keep statistics").statistics(since: since)
        },
        Answer(doing: Verbs.resetStatistics) { call, _ in
            try await call.broker((any StatisticsKeeping).self, to: "keep statistics").resetStatistics()
        },
    ]
}
