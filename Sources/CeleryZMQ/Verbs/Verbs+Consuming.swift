package import CeleryCore

/// The verbs of a worker's subscription, whose place is the id of its `WorkerIdentity`.
extension Verbs {
    /// Worker, queues, and what the worker has already: all else that it seems to hold was lost on the way and goes back.
    package static let subscribe = Verb<Triple<WorkerIdentity, [String], [DeliveryHandle]>, Nothing>("subscribe", .work, .subscription)
    package static let unsubscribe = Verb<Nothing, Nothing>("unsubscribe", .work, .subscription)
    /// A waiting take: as many as there is room for, as soon as there is one, or none when the time has passed. What is lost on the way
    /// is returned by the next `subscribe`.
    package static let take = Verb<Pair<Int, Duration>, [Delivery]>("take", .work, .subscription, waits: true)
    /// Follow-ups, results and acknowledgements in one transaction.
    package static let settle = Verb<[Outcome], [Bool]>("settle", .work, .subscription)
    /// The same where the results are kept elsewhere.
    package static let acknowledge = Verb<[Outcome], [Bool]>("acknowledge", .work, .subscription)
    /// Deliveries, and whether they were started.
    package static let giveBack = Verb<Pair<[DeliveryHandle], Bool>, Nothing>("give-back", .work, .subscription)
    package static let giveBackCrashed = Verb<[DeliveryHandle], Nothing>("give-back-crashed", .work, .subscription)
    /// Answers with workers found dead, and their numbers of messages.
    package static let renewLease = Verb<Nothing, [Pair<String, Int>]>("renew-lease", .work, .subscription)
    package static let announceTasks = Verb<[String], Nothing>("announce-tasks", .work, .subscription)
    package static let consume = Verb<[String], Nothing>("consume", .work, .subscription)
    package static let stillHolds = Verb<[DeliveryHandle], [Bool]>("still-holds", .work, .subscription)
    package static let backlog = Verb<Nothing, Int>("backlog", .work, .subscription)
    package static let waiting = Verb<Pair<Int, [String: TaskLimit]>, Int>("waiting", .work, .subscription)
    package static let scheduled = Verb<Int, [Message]>("scheduled", .work, .subscription)
    package static let returnSpace = Verb<Duration, Bool>("return-space", .work, .subscription)

    package static let admit = Verb<[Pair<DeliveryHandle, TaskLimit>], [Bool]>("admit", .work, .subscription)
    package static let takeWaiting = Verb<[Revocation], [Delivery]>("take-waiting", .work, .subscription)
    package static let leaveSlots = Verb<[DeliveryHandle], Nothing>("leave-slots", .work, .subscription)
    package static let announceRates = Verb<[String: RateLimit?], Nothing>("announce-rates", .work, .subscription)
    package static let setRate = Verb<Pair<RateLimit?, String>, Nothing>("set-rate", .work, .subscription)
    package static let postpone = Verb<[Postponement], [Bool]>("postpone", .work, .subscription)

    package static let takeCommands = Verb<Nothing, StandingCommands>("take-commands", .work, .subscription)
    /// Answers whether there are new ones.
    package static let awaitCommands = Verb<Duration, Bool>("await-commands", .work, .subscription, waits: true)
    /// Requests of remote control with their numbers, as soon as there is one.
    package static let awaitRequests = Verb<Duration, [Pair<Int64, ControlRequest>]>("await-requests", .work, .subscription, waits: true)
    package static let answer = Verb<Pair<Int64, JSON?>, Nothing>("answer", .work, .subscription)

    static let ofSubscription: [any AnyVerb] = [
        subscribe, unsubscribe, take, settle, acknowledge, giveBack, giveBackCrashed, renewLease, announceTasks, consume, stillHolds, backlog,
        waiting, scheduled, returnSpace, admit, takeWaiting, leaveSlots, announceRates, setRate, postpone, takeCommands, awaitCommands,
        awaitRequests, answer,
    ]

    // MARK: Beats and followers of events

    /// The name of the beats, and who this one is.
    package static let takeSeat = Verb<Pair<String, WorkerIdentity>, Nothing>("take-seat", .work, .seat)
    package static let lead = Verb<Nothing, BeatState?>("lead", .work, .seat)
    /// Messages, records, and commands that are done.
    package static let sendDue = Verb<Triple<[Message], [EntryRecord], [Int64]>, Bool>("send-due", .work, .seat)
    package static let awaitSeat = Verb<Duration, Nothing>("await-seat", .work, .seat, waits: true)
    package static let leaveSeat = Verb<Nothing, Nothing>("leave-seat", .work, .seat)

    package static let follow = Verb<EventStart, Nothing>("follow", .submit, .feed)
    package static let awaitEvents = Verb<Duration, FollowedEvents>("await-events", .submit, .feed, waits: true)
    package static let unfollow = Verb<Nothing, Nothing>("unfollow", .submit, .feed)

    static let ofSeatsAndFeeds: [any AnyVerb] = [takeSeat, lead, sendDue, awaitSeat, leaveSeat, follow, awaitEvents, unfollow]
}
