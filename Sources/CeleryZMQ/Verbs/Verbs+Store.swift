package import CeleryCore

/// The verbs of the result store.
extension Verbs {
    package static let store = Verb<[TaskResult], Nothing>("store", .work)
    package static let results = Verb<[TaskID], [TaskID: TaskResult]>("results", .submit)
    package static let requests = Verb<[TaskID], [TaskID: Message]>("requests", .submit)
    package static let forget = Verb<[TaskID], Int>("forget", .submit)
    package static let resultIDs = Verb<Pair<String, Int>, [TaskID]>("result-ids", .submit)
    package static let dropExpired = Verb<Int, Int>("drop-expired", .work)
    package static let feedPosition = Verb<Nothing, Int64>("feed-position", .submit)
    package static let changes = Verb<Int64, Pair<[TaskID], Int64>>("changes", .submit)
    /// Waits for a result after this position; -1 answers at once. Answers with the newest position.
    package static let awaitChange = Verb<Pair<Int64, Duration>, Int64>("await-change", .submit, waits: true)
    /// Filter, position before which the list continues, and its length.
    package static let listedTasks = Verb<Triple<TaskFilter, Int64?, Int>, [ListedTask]>("listed-tasks", .submit)

    package static let keepOutputs = Verb<[AttemptOutput], Nothing>("keep-outputs", .work)
    package static let outputs = Verb<Pair<TaskID, Int>, [AttemptOutput]>("outputs", .submit)

    package static let keepTaskSet = Verb<TaskSetRecord, Nothing>("keep-task-set", .submit)
    package static let taskSet = Verb<String, TaskSetRecord?>("task-set", .submit)
    package static let taskSets = Verb<Int, [TaskSetRecord]>("task-sets", .submit)
    /// Member, successor, set.
    package static let replaceMember = Verb<Triple<TaskID, TaskID, String>, Bool>("replace-member", .submit, isRepeatable: false)
    package static let forgetTaskSets = Verb<[String], Int>("forget-task-sets", .submit)

    package static let claimSlots = Verb<Triple<[SlotClaim], String, Duration>, [Bool]>("claim-slots", .work, isRepeatable: false)
    /// Holders, or all of them; and the worker.
    package static let freeSlots = Verb<Pair<[String]?, String>, Nothing>("free-slots", .work)
    /// Task and key.
    package static let slotHolders = Verb<Pair<String, String>, [TaskID]>("slot-holders", .submit)
    package static let renewSlots = Verb<Pair<String, Duration>, Nothing>("renew-slots", .work)

    static let ofStore: [any AnyVerb] = [
        store, results, requests, forget, resultIDs, dropExpired, feedPosition, changes, awaitChange, listedTasks, keepOutputs, outputs,
        keepTaskSet, taskSet, taskSets, replaceMember, forgetTaskSets, claimSlots, freeSlots, slotHolders, renewSlots,
    ]
}
