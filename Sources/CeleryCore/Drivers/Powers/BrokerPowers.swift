/// Counting the messages in queues.
public protocol QueueCounting: Broker {
    /// All queues that hold messages or have a consumer.
    ///
    /// A queue that cannot be counted has `trouble` set; an error is thrown only when no queue can be counted.
    func queues() async throws -> [QueueCount]

    /// One queue, which may be one that `queues` cannot list.
    ///
    /// - Returns: `nil` for a queue without messages and consumers, or that does not exist.
    func count(of queue: String) async throws -> QueueCount?
}

extension QueueCounting {
    public func count(of queue: String) async throws -> QueueCount? { try await queues().first { $0.name == queue } }
}

/// The depth of one queue.
public struct QueueCount: Sendable, Equatable {
    public var name: String
    /// Messages that are due and waiting.
    public var ready: Int
    /// Messages waiting for their ETA; `nil` if the broker cannot tell.
    public var scheduled: Int?
    /// Messages leased to workers; `nil` if the broker cannot tell.
    public var running: Int?
    /// Number of subscribed workers.
    public var consumers: Int
    /// Why this queue cannot be counted; then the numbers are meaningless.
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

/// Deleting waiting messages.
public protocol QueuePurging: Broker {
    /// The queues purged when none is named; `nil` means all queues, including scheduled messages.
    var queuesToPurge: [String]? { get }

    /// Deletes messages that no worker holds; `nil` means `queuesToPurge`.
    ///
    /// - Parameter progress: Called now and then with the number deleted so far, if the purge takes long.
    /// - Throws: When a queue cannot be purged; the others are, and the error says so.
    /// - Returns: Number of deleted messages by queue. Queues that do not exist are absent, if the broker can tell.
    func purge(_ queues: [String]?, progress: @Sendable (Int) -> Void) async throws -> [String: Int]
}

extension QueuePurging {
    public func purge(_ queues: [String]?) async throws -> [String: Int] { try await purge(queues) { _ in } }
}

/// Removing a queue that is more than its messages.
package protocol QueueRemoving: Broker {
    /// Removes a temporary queue with its messages, if it is still there and nobody consumes it.
    func remove(temporary queue: QueueDefinition) async throws
}

/// Storing messages in a file that grows with them.
public protocol SpaceReturning: BrokerConsumer {
    /// Returns unused space to the file system, if that is worth the effort. Stops as soon as another process waits for the file.
    ///
    /// - Returns: Whether there is more to return.
    /// - Throws: `DriverError`.
    func returnSpace(within limit: Duration) async throws -> Bool
}

/// Accepting at most one message per key.
public protocol KeyedPublishing: Broker {
    /// Publishes unless a message with this key was accepted within `ttl`.
    ///
    /// - Returns: The id that holds the key: the message's own, or the earlier one.
    func publish(_ message: Message, key: String, ttl: Duration) async throws -> TaskID
}

/// Sending results to the clients that wait for them.
public protocol ReplySending: Broker {
    /// Sends each result to the queue in its `replyTo`, and returns when the broker has all of them. Results without one are
    /// left out; a queue that is gone is no error.
    ///
    /// - Throws: `DriverError`, whose `unconfirmed` lists the tasks whose results may not have been sent.
    func reply(_ results: [TaskResult]) async throws

    /// Whether clients wait for such answers although results are stored.
    ///
    /// - Parameter store: Where they are stored; `nil` if nowhere.
    func mayBeAwaited(beside store: (any ResultStore)?) -> Bool
}

extension ReplySending {
    public func mayBeAwaited(beside store: (any ResultStore)?) -> Bool { true }
}

/// Locating waiting messages.
public protocol MessageLocating: Broker {
    /// Locations of the messages that this broker still holds.
    func locate(_ ids: [TaskID]) async throws -> [TaskID: MessageLocation]
}

/// A message that waits or runs.
public struct MessageLocation: Sendable, Equatable {
    public var task: String
    public var queue: String
    /// PENDING, RETRY or STARTED.
    public var state: TaskState
    public var attempt: Int
    public var retries: Int
    /// The worker's name while the message runs.
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

/// Listing live workers.
public protocol WorkerListing: Broker {
    /// Whether the broker knows its workers; otherwise they are asked and have about a second to answer.
    var knowsWorkers: Bool { get }
    func workers() async throws -> [WorkerReport]
}

/// A worker and its running tasks.
public struct WorkerReport: Sendable, Equatable {
    public var name: String
    public var pid: Int
    public var queues: [String]
    public var started: Timestamp
    public var running: [RunningTask]
    /// Names of the tasks in its project.
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

/// Storing a result, publishing follow-ups and acknowledging in one step.
public protocol AtomicSettling: BrokerConsumer {
    /// Applies all outcomes in one transaction.
    ///
    /// An outcome whose attempt is no longer this worker's changes nothing.
    ///
    /// - Returns: For each outcome, whether it counted.
    func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool]

    /// Whether that transaction stores results in `store`.
    func settlesInto(_ store: any ResultStore) -> Bool
}

/// Counting unfinished messages, for working until the queues are empty.
public protocol BacklogKnowing: BrokerConsumer {
    /// Number of messages in this subscription's queues that are due, or leased to any worker.
    func backlog() async throws -> Int
}

/// Keeping the deliveries of a live worker leased to it.
public protocol LeaseHolding: BrokerConsumer {
    /// How often to call `renewLease`.
    var leaseRenewalInterval: Duration { get }
    /// Renews this worker's lease, and returns the messages of dead workers to their queues.
    ///
    /// - Returns: Names of workers found dead, and how many messages each held.
    func renewLease() async throws -> [(worker: String, messages: Int)]
    /// Publishes the names of the tasks this worker can run, for `celery status` and `celery apply`.
    func announce(tasks: [String]) async throws
}

/// Recording which tasks a worker had begun when it died.
public protocol FlightRecording: BrokerConsumer {
    /// Creates a file in which the worker's children record the tasks they begin; see `FlightRecord`.
    ///
    /// - Returns: The path; `nil` when the file cannot be created. Then a death of this worker is blamed on no particular task.
    func makeFlightRecord() -> String?
}

/// Checking whether an outcome would still count.
public protocol LeaseChecking: BrokerConsumer {
    /// For each delivery, whether it is still this worker's.
    func stillHolds(_ handles: [DeliveryHandle]) async throws -> [Bool]
}

/// Withdrawing single messages that no worker holds.
public protocol MessageWithdrawing: Broker {
    /// Deletes the messages that no worker holds. Returns their ids.
    func withdraw(_ ids: [TaskID]) async throws -> Set<TaskID>
}

/// Checking the connection of a client that only waits.
public protocol BrokerProbing: Broker {
    /// Asks the broker for a sign of life.
    ///
    /// - Throws: `DriverError` when there is none.
    func probe() async throws
}

/// Receiving messages before `take` asks for them, up to the free capacity of the last `take`.
public protocol DeliveryPushing: BrokerConsumer {
    /// Reports that the worker takes nothing for now, so that messages beyond its capacity go to other workers.
    func haveNoRoom()

    /// Reports that the worker takes nothing more: deliveries not yet taken are returned, and messages returned later do not come
    /// back. The worker still settles what it has taken.
    func endPushing() async

    /// Whether messages can come: `false` while there is no connection.
    var isReceiving: Bool { get }
}

extension DeliveryPushing {
    public var isReceiving: Bool { true }
}

/// Reporting events of the connection for the log.
public protocol BrokerReporting: BrokerConsumer {
    /// Ends when the subscription ends. Supports one reader.
    var notices: AsyncStream<BrokerNotice> { get }
}

/// A report for operators about the connection to a broker.
public struct BrokerNotice: Sendable, Equatable {
    public var text: String
    /// `true` for trouble, `false` when the trouble has ended.
    public var isTrouble: Bool

    public init(_ text: String, isTrouble: Bool) {
        self.text = text
        self.isTrouble = isTrouble
    }
}

/// Continuing the subscription of a worker on another machine, whose connection, or the process that served it, has ended.
package protocol SubscriptionResuming: Broker {
    /// Subscribes a worker, under its old lease if it has one.
    ///
    /// - Parameter held: The deliveries that have reached the worker; all others leased to it return to their queues, as never tried.
    func resume(holding held: [DeliveryHandle], of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer
}

/// Delivering remote-control requests to a worker, and its answers.
public protocol RemoteControllable: BrokerConsumer {
    /// Answers requests with `handler` from now on. A handler returns `nil` to send no answer.
    func answerControl(_ handler: @escaping @Sendable (ControlRequest) async -> JSON?)
}

/// A remote-control request to a worker (`pidbox-*` in `Tests/Golden`).
public struct ControlRequest: Sendable, Equatable {
    /// `ping`, `active`, ...
    public var method: String
    public var arguments: JSONObject

    public init(method: String, arguments: JSONObject = [:]) {
        self.method = method
        self.arguments = arguments
    }
}
