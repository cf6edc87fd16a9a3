package import CeleryCore

/// The table of verbs: those of the broker. A new capability is a row here, a line of the server's table (`BrokerServer/Answers`), and a
/// method of the client's driver.
package enum Verbs {
    package static let hello = Verb<Hello, Hello>("hello", .submit)
    package static let probe = Verb<Nothing, Nothing>("probe", .submit)

    package static let publish = Verb<[Message], Nothing>("publish", .submit, isRepeatable: false)
    /// Message, key, and how long the key is kept.
    package static let publishKeyed = Verb<Triple<Message, String, Duration>, TaskID>("publish-keyed", .submit)

    package static let queues = Verb<Nothing, [QueueCount]>("queues", .submit)
    package static let queue = Verb<String, QueueCount?>("queue", .submit)
    package static let oldestWaiting = Verb<Nothing, [String: Timestamp]>("oldest-waiting", .submit)
    package static let locate = Verb<[TaskID], [TaskID: MessageLocation]>("locate", .submit)
    package static let standing = Verb<TaskID, MessageStanding?>("standing", .submit)
    package static let limitWait = Verb<TaskID, LimitWait?>("limit-wait", .submit)
    package static let waitingTasks = Verb<Pair<TaskFilter, Int>, [ListedTask]>("waiting-tasks", .submit)
    package static let messageIDs = Verb<Pair<String, Int>, [TaskID]>("message-ids", .submit)
    package static let workers = Verb<Nothing, [WorkerReport]>("workers", .submit)
    package static let lostWorkers = Verb<Nothing, LostWorkers>("lost-workers", .submit)
    package static let withdraw = Verb<[TaskID], Set<TaskID>>("withdraw", .submit)
    package static let purge = Verb<[String]?, [String: Int]>("purge", .admin)

    /// Clients that only submit may send no other events than `task-sent`.
    package static let sendEvents = Verb<[Event], Nothing>("send-events", .submit, isRepeatable: false)
    package static let eventsOf = Verb<[TaskID], [RecordedEvent]>("events-of", .submit)

    /// Requests that only ask are for everybody; the others need the role `admin`.
    package static let ask = Verb<Triple<[ControlRequest], WorkerChoice, Duration>, WorkerAnswers>("ask", .submit, waits: true)
    package static let tell = Verb<Pair<ControlRequest, WorkerChoice>, Nothing>("tell", .submit)
    /// Revocations, and who asks. Answers with the fates, and the outcomes of what was removed.
    package static let revoke = Verb<Pair<[Revocation], String>, Pair<[TaskID: RevocationReport.Fate], [Pair<TaskID, Outcome>]>>("revoke", .admin)
    package static let standingCommands = Verb<Nothing, StandingCommands>("standing-commands", .submit)
    package static let pausedQueues = Verb<Nothing, [String: QueuePause]>("paused-queues", .submit)
    package static let pause = Verb<Pair<String, QueuePause>, Nothing>("pause", .admin)
    package static let resume = Verb<String, Bool>("resume", .admin)

    /// Filter, limit, and whether with the messages.
    package static let deadLetters = Verb<Triple<DeadLetterFilter, Int, Bool>, [DeadLetter]>("dead-letters", .submit)
    package static let bury = Verb<Pair<Message, Burial>, Nothing>("bury", .work, isRepeatable: false)
    package static let replay = Verb<Triple<DeadLetterFilter, Int, String?>, [DeadLetterReplay]>("replay", .admin, isRepeatable: false)
    package static let dropDeadLetters = Verb<Pair<DeadLetterFilter, Int>, [DeadLetter]>("drop-dead-letters", .admin, isRepeatable: false)

    package static let addStatistics = Verb<StatisticsReport, Nothing>("add-statistics", .work)
    package static let statistics = Verb<Timestamp?, StatisticsLedger>("statistics", .submit)
    package static let resetStatistics = Verb<Nothing, Nothing>("reset-statistics", .admin)

    package static let beatState = Verb<String, BeatState>("beat-state", .submit)
    package static let tellBeat = Verb<Pair<LeaderCommand, String>, Nothing>("tell-beat", .admin, isRepeatable: false)

    /// All rows; names are unique.
    package static let all: [any AnyVerb] = ofBroker + ofStore + ofSubscription + ofSeatsAndFeeds

    private static let ofBroker: [any AnyVerb] = [
        hello, probe, publish, publishKeyed, queues, queue, oldestWaiting, locate, standing, limitWait, waitingTasks, messageIDs, workers,
        lostWorkers, withdraw, purge, sendEvents, eventsOf, ask, tell, revoke, standingCommands, pausedQueues, pause, resume, deadLetters,
        bury, replay, dropDeadLetters, addStatistics, statistics, resetStatistics, beatState, tellBeat,
    ]
}
