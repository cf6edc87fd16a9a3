import CeleryCore
import CeleryZMQ

/// The result store.
extension Answers {
    static let ofStore: [Answer] = [
        Answer(doing: Verbs.store) { call, results in try await call.service.store.store(results) },
        Answer(Verbs.results) { call, ids in try await call.service.store.results(for: ids) },
        Answer(Verbs.requests) { call, ids in try await call.store((any RequestKeeping).self, to: "keep messages").requests(for: ids) },
        Answer(Verbs.forget) { call, ids in try await call.service.store.forget(ids) },
        Answer(Verbs.resultIDs) { call, request in
            try await call.store((any TaskIDListing).self, to: "list ids").taskIDs(startingWith: request.first, limit: request.second.bounded(most))
        },
        Answer(Verbs.dropExpired) { call, limit in
            try await call.store((any ResultExpiring).self, to: "drop results").dropExpired(now: call.service.now(), limit: limit.bounded(most))
        },
        Answer(Verbs.feedPosition) { call, _ in try await call.store((any ResultFeeding).self, to: "list new results").feedPosition() },
        Answer(Verbs.changes) { call, position in
            let changes = try await call.store((any ResultFeeding).self, to: "list new results").changes(after: position)
            return Pair(changes.ids, changes.position)
        },
        Answer(Verbs.awaitChange) { call, request in await call.service.pulse.change(since: request.first, until: call.deadline(request.second)) },
        Answer(Verbs.listedTasks) { call, request in
            try await call.store((any ResultListing).self, to: "list tasks").listedTasks(
                call.filter(request.first), before: request.second, limit: request.third.bounded(most))
        },
        Answer(doing: Verbs.keepOutputs) { call, outputs in try await call.store((any OutputKeeping).self, to: "keep output").keep(outputs) },
        Answer(Verbs.outputs) { call, request in
            try await call.store((any OutputKeeping).self, to: "keep output").outputs(of: request.first, from: request.second)
        },
        Answer(doing: Verbs.keepTaskSet) { call, set in try await call.store((any TaskSetKeeping).self, to: "keep task-sets").keep(set) },
        Answer(Verbs.taskSet) { call, id in try await call.store((any TaskSetKeeping).self, to: "keep task-sets").taskSet(id) },
        Answer(Verbs.taskSets) { call, limit in
            try await call.store((any TaskSetKeeping).self, to: "keep task-sets").taskSets(limit: limit.bounded(most))
        },
        Answer(Verbs.replaceMember) { call, request in
            try await call.store((any TaskSetKeeping).self, to: "keep task-sets").replace(request.first, by: request.second, in: request.third)
        },
        Answer(Verbs.forgetTaskSets) { call, ids in try await call.store((any TaskSetKeeping).self, to: "keep task-sets").forgetTaskSets(ids) },
        Answer(Verbs.claimSlots) { call, request in
            try await call.store((any SlotKeeping).self, to: "keep slots").claim(request.first, by: request.second, for: max(.zero, request.third))
        },
        Answer(doing: Verbs.freeSlots) { call, request in
            try await call.store((any SlotKeeping).self, to: "keep slots").leaveSlots(request.first, of: request.second)
        },
        Answer(Verbs.slotHolders) { call, request in
            try await call.store((any SlotKeeping).self, to: "keep slots").holders(of: request.first, key: request.second)
        },
        Answer(doing: Verbs.renewSlots) { call, request in
            try await call.store((any SlotKeeping).self, to: "keep slots").renewSlots(of: request.first, for: max(.zero, request.second))
        },
    ]
}
