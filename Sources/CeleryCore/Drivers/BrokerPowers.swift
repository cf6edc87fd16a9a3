/// Counting what waits in queues.
public protocol QueueCounting: Broker {
    /// Every queue that holds messages or has a consumer.
    ///
    /// One that cannot be counted says why; an error is thrown only when that is so of all.
    func queues() async throws -> [QueueCount]
}

/// The depth of one queue.
public struct QueueCount: Sendable, Equatable {
    public var name: String
    /// Waiting, due now.
    public var ready: Int
    /// Waiting for their ETA; `nil` where the broker cannot tell.
    public var scheduled: Int?
    /// Leased to workers; `nil` where the broker cannot tell.
    public var running: Int?
    /// Workers subscribed.
    public var consumers: Int
    /// Why this queue cannot be counted; then the numbers say nothing.
    public var trouble: String?

    public init(
        name: String, ready: Int, scheduled: Int?, running: Int?, consumers: Int, trouble: String? = nil
    ) {
        self.name = name
        self.ready = ready
        self.scheduled = scheduled
        self.running = running
        self.consumers = consumers
        self.trouble = trouble
    }
}

/// Throwing away what waits.
public protocol QueuePurging: Broker {
    /// The queues that are meant when none is named; `nil` where that is all there are, with what waits for later.
    var queuesToPurge: [String]? { get }

    /// Drops messages no worker has; `nil` means `queuesToPurge`.
    ///
    /// - Parameter progress: told now and then how many are gone so far, where that takes long.
    /// - Throws: when a queue cannot be emptied; the others are, and the error says so.
    /// - Returns: how many of each queue. A queue that is not there is absent, where the broker can tell.
    func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int]
}

extension QueuePurging {
    public func purge(_ queues: [String]?) async throws -> [String: Int] { try await purge(queues) { _ in } }
}

/// Keeping messages in a file that grows with them.
public protocol SpaceReturning: BrokerConsumer {
    /// Gives space that is not used any more back to the file system, if it is worth it. Stops as soon as somebody waits
    /// for the file.
    ///
    /// - Returns: whether there is more to give back.
    /// - Throws: `DriverError`.
    func returnSpace(within limit: Duration) async throws -> Bool
}

/// Accepting at most one message a key.
public protocol KeyedPublishing: Broker {
    /// Publishes unless a message with this key was accepted within `ttl`.
    /// - Returns: the id that holds the key: the message's own, or the earlier one.
    func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID
}

/// Telling where waiting messages are.
public protocol MessageLocating: Broker {
    /// What is known of those ids that this broker still holds.
    func locate(_ ids: [TaskID]) async throws -> [TaskID: MessageLocation]
}

/// A message as it waits or runs.
public struct MessageLocation: Sendable, Equatable {
    public var task: String
    public var queue: String
    /// pending, retry or started.
    public var state: TaskState
    public var attempt: Int
    public var retries: Int
    /// The worker's name, while it runs.
    public var worker: String?
    public var eta: Timestamp?
    public var submitted: Timestamp?
    public var started: Timestamp?

    public init(task: String, queue: String, state: TaskState, attempt: Int, retries: Int) {
        self.task = task
        self.queue = queue
        self.state = state
        self.attempt = attempt
        self.retries = retries
    }
}

/// Knowing which workers live.
public protocol WorkerListing: Broker {
    /// Whether it knows at once; else workers are asked, and have about a second to answer.
    var knowsWorkers: Bool { get }
    func workers() async throws -> [WorkerReport]
}

/// A worker, and what it runs.
public struct WorkerReport: Sendable, Equatable {
    public var name: String
    public var pid: Int
    public var queues: [String]
    public var started: Timestamp
    public var running: [RunningTask]
    /// Tasks its project knows.
    public var tasks: [String]

    public init(name: String, pid: Int, queues: [String], started: Timestamp, running: [RunningTask], tasks: [String]) {
        self.name = name
        self.pid = pid
        self.queues = queues
        self.started = started
        self.running = running
        self.tasks = tasks
    }

    public struct RunningTask: Sendable, Equatable {
        public var id: TaskID
        public var task: String
        public var attempt: Int
        public var started: Timestamp

        public init(id: TaskID, task: String, attempt: Int, started: Timestamp) {
            self.id = id
            self.task = task
            self.attempt = attempt
            self.started = started
        }
    }
}

/// Recording a result, its follow-ups and the acknowledgement as one.
public protocol AtomicSettling: BrokerConsumer {
    /// Everything in each outcome, in one transaction for all of them.
    ///
    /// An outcome whose attempt is no longer this worker's changes nothing.
    /// - Returns: for each outcome whether it counted.
    func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool]

    /// Whether results go to `store` by that transaction.
    func settlesInto(_ store: any ResultStore) -> Bool
}

/// Knowing what is left of a queue, for working until it is empty.
public protocol BacklogKnowing: BrokerConsumer {
    /// Messages of this subscription that are due, or leased to anyone.
    func backlog() async throws -> Int
}

/// Letting a worker that is alive keep what it holds.
public protocol LeaseHolding: BrokerConsumer {
    /// How often to call `renewLease`.
    var leaseRenewalInterval: Duration { get }
    /// Says that this worker is alive, and takes back what dead workers held.
    /// - Returns: names of workers found dead, with how many messages each held.
    func renewLease() async throws -> [(worker: String, messages: Int)]
    /// Publishes the names of tasks this worker can run, for `celery status` and `celery apply`.
    func announce(tasks: [String]) async throws
}

/// Telling afterwards what a worker had begun when it died, with all its processes or alone.
public protocol FlightRecording: BrokerConsumer {
    /// A file in which the worker's children write down what they begin: see `FlightRecord`.
    ///
    /// - Returns: its path; `nil` when none can be made. Then the death of this worker is laid to nobody in particular.
    func makeFlightRecord() -> String?
}

/// Knowing whether an outcome would still count.
public protocol LeaseChecking: BrokerConsumer {
    /// For each delivery whether it is still this worker's.
    func stillHolds(_ handles: [DeliveryHandle]) async throws -> [Bool]
}

/// Taking single messages back before a worker has them.
public protocol MessageWithdrawing: Broker {
    /// Drops those of the messages that no worker has. Returns their ids.
    func withdraw(_ ids: [TaskID]) async throws -> Set<TaskID>
}

/// Being sent messages before they are asked for, as many as there was room for last time.
public protocol DeliveryPushing: BrokerConsumer {
    /// The worker takes nothing for now: what it has no room for is for others.
    func haveNoRoom()

    /// The worker takes nothing any more: what it was sent and has not taken goes back, and what it gives back does not
    /// come to it again. What it has is its own to settle.
    func endPushing() async
}

/// Telling what goes on between a subscription and its broker, for the log.
public protocol BrokerReporting: BrokerConsumer {
    /// Ends when the subscription does. One reader.
    var notices: AsyncStream<BrokerNotice> { get }
}

/// Something an operator should know of the connection to a broker.
public struct BrokerNotice: Sendable, Equatable {
    public var text: String
    /// Whether it is trouble, or the end of it.
    public var isTrouble: Bool

    public init(_ text: String, isTrouble: Bool) {
        self.text = text
        self.isTrouble = isTrouble
    }
}

/// Carrying questions from operators to a worker, and its answers back.
public protocol RemoteControllable: BrokerConsumer {
    /// Answers questions with `handler` from now on. It returns `nil` to say nothing.
    func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?)
}

/// A question or an order to a worker (section 8 of the wire format).
public struct ControlRequest: Sendable, Equatable {
    /// `ping`, `active`, ...
    public var method: String
    public var arguments: JSONObject

    public init(method: String, arguments: JSONObject = [:]) {
        self.method = method
        self.arguments = arguments
    }
}
