import CeleryCore
import CeleryZMQ

/// Workers' subscriptions.
extension Answers {
    static let ofSubscription: [Answer] = [
        Answer(doing: Verbs.subscribe) { call, request in try await Subscription.open(call, request.first, queues: request.second, holding: request.third) },
        Answer(doing: Verbs.unsubscribe) { call, _ in
            let subscription = try call.subscription()
            await subscription.endTaking()
            await subscription.consumer.close()
            if let place = call.service.places.place(call.place, of: call.caller) { call.service.places.remove(call.place, place) }
        },
        Answer(Verbs.take) { call, request in
            try await call.subscription().take(request.first, until: call.deadline(request.second))
        },
        Answer(Verbs.settle) { call, outcomes in
            try await call.consumer((any AtomicSettling).self, to: "settle in one step").settleAtomically(outcomes)
        },
        Answer(Verbs.acknowledge) { call, outcomes in try await call.subscription().consumer.settle(outcomes) },
        Answer(doing: Verbs.giveBack) { call, request in
            try await call.subscription().consumer.giveBack(request.first, started: request.second)
        },
        Answer(doing: Verbs.giveBackCrashed) { call, handles in try await call.subscription().consumer.giveBack(crashed: handles) },
        Answer(Verbs.renewLease) { call, _ in
            try await call.consumer((any LeaseHolding).self, to: "keep leases").renewLease().map { Pair($0.worker, $0.messages) }
        },
        Answer(doing: Verbs.announceTasks) { call, tasks in try await call.consumer((any LeaseHolding).self, to: "keep leases").announce(tasks: tasks) },
        Answer(doing: Verbs.consume) { call, queues in try await call.consumer((any QueueSwitching).self, to: "change queues").consume(from: queues) },
        Answer(Verbs.stillHolds) { call, handles in try await call.consumer((any LeaseChecking).self, to: "check leases").stillHolds(handles) },
        Answer(Verbs.backlog) { call, _ in try await call.consumer((any BacklogKnowing).self, to: "count its backlog").backlog() },
        Answer(Verbs.waiting) { call, request in
            try await call.consumer((any WaitingKnowing).self, to: "count waiting messages").waiting(
                upTo: request.first.bounded(most), within: request.second)
        },
        Answer(Verbs.scheduled) { call, limit in
            try await call.consumer((any ScheduleKnowing).self, to: "list scheduled messages").scheduled(upTo: limit.bounded(most))
        },
        Answer(Verbs.returnSpace) { call, limit in
            guard let space = try call.subscription().consumer as? any SpaceReturning else { return false }
            return try await space.returnSpace(within: max(.zero, min(limit, .seconds(10))))
        },
        Answer(Verbs.postpone) { call, deliveries in
            try await call.consumer((any Postponing).self, to: "postpone deliveries").postpone(deliveries)
        },
        Answer(Verbs.takeCommands) { call, _ in
            try await call.consumer((any CommandFollowing).self, to: "keep commands").takeCommands()
        },
        Answer(Verbs.awaitCommands) { call, wait in
            let consumer = try call.consumer((any CommandFollowing).self, to: "keep commands")
            return await Waiting.ends(before: call.deadline(wait)) { try await consumer.waitForCommands() }
        },
        Answer(Verbs.awaitRequests) { call, wait in
            let subscription = try call.subscription()
            if subscription.control.beginListening() {
                let control = try call.consumer((any RemoteControllable).self, to: "be asked")
                control.answerControl { [mailbox = subscription.control] in await mailbox.ask($0) }
            }
            return await subscription.control.requests(until: call.deadline(wait)).map { Pair($0.number, $0.request) }
        },
        Answer(doing: Verbs.answer) { call, request in try call.subscription().control.answer(request.first, request.second) },
    ]

    /// Rates and slots.
    static let ofLimits: [Answer] = [
        Answer(Verbs.admit) { call, deliveries in
            try await call.consumer((any LimitKeeping).self, to: "keep limits").admit(deliveries.map { ($0.first, $0.second) })
        },
        Answer(Verbs.takeWaiting) { call, revocations in
            try await call.consumer((any LimitKeeping).self, to: "keep limits").takeWaiting(revocations)
        },
        Answer(doing: Verbs.leaveSlots) { call, handles in try await call.consumer((any LimitKeeping).self, to: "keep limits").leaveSlots(handles) },
        Answer(doing: Verbs.announceRates) { call, rates in try await call.consumer((any LimitKeeping).self, to: "keep limits").announce(rates: rates) },
        Answer(doing: Verbs.setRate) { call, request in
            try await call.consumer((any LimitKeeping).self, to: "keep limits").setRate(request.first, of: request.second)
        },
    ]

    /// Beats and followers of events.
    static let ofPlaces: [Answer] = [
        Answer(doing: Verbs.takeSeat) { call, request in
            _ = try call.service.places.earlier(call.place, of: call.caller)
            let seat = try await call.broker((any BeatKeeping).self, to: "keep beats").seat(in: request.first, as: request.second)
            try call.service.places.add(Place(.seat(seat), of: call.caller), call.place)
        },
        Answer(Verbs.lead) { call, _ in try await call.seat().lead() },
        Answer(Verbs.sendDue) { call, request in
            try await call.seat().send(request.first, writing: request.second, settling: request.third)
        },
        Answer(doing: Verbs.awaitSeat) { call, wait in await (try call.seat()).waitForChange(until: call.deadline(wait)) },
        Answer(doing: Verbs.leaveSeat) { call, _ in
            await (try call.seat()).close()
            if let place = call.service.places.place(call.place, of: call.caller) { call.service.places.remove(call.place, place) }
        },
        Answer(doing: Verbs.follow) { call, start in
            _ = try call.service.places.earlier(call.place, of: call.caller)
            let feed = try await call.broker((any EventFollowing).self, to: "follow events").events(from: start)
            try call.service.places.add(Place(.feed(feed), of: call.caller), call.place)
        },
        Answer(Verbs.awaitEvents) { call, wait in try await call.feed().next(until: call.deadline(wait)) },
        Answer(doing: Verbs.unfollow) { call, _ in
            await (try call.feed()).close()
            if let place = call.service.places.place(call.place, of: call.caller) { call.service.places.remove(call.place, place) }
        },
    ]
}
