import CeleryCore

/// The capabilities of a subscription and its result store: determined once, when the worker has subscribed.
struct ConsumerPowers: Sendable {
    let consumer: any BrokerConsumer
    /// Takes over messages of dead workers.
    let leases: (any LeaseHolding)?
    /// Enforces rates and concurrency slots across all workers.
    let limits: (any LimitKeeping)?
    /// Counts concurrency slots in the result store when the broker does not; `nil` when each worker counts its own.
    let slots: (any SlotKeeping)?
    /// Postpones a delivery until a time.
    let postponing: (any Postponing)?
    /// Pushes messages before the worker takes them.
    let pushing: (any DeliveryPushing)?
    /// Knows whether the queues are empty.
    let backlog: (any BacklogKnowing)?
    /// Knows whether there is work for more children.
    let waiting: (any WaitingKnowing)?
    /// Lists messages that wait for their ETA.
    let schedule: (any ScheduleKnowing)?
    /// Holds messages until their ETA before the worker takes them.
    let ahead: (any HoldingAhead)?
    /// Changes the set of consumed queues.
    let switching: (any QueueSwitching)?
    /// Receives the operators' revocations and pauses.
    let commands: (any CommandFollowing)?
    /// Carries remote control commands.
    let control: (any RemoteControllable)?
    /// Reports events of its connection.
    let reporting: (any BrokerReporting)?
    /// Records which tasks have started, for the time after a worker's death.
    let flight: (any FlightRecording)?
    /// Returns a file's unused space to the file system.
    let space: (any SpaceReturning)?
    /// Records result, follow-ups and acknowledgement in one transaction; `nil` when the results go elsewhere.
    let atomic: (any AtomicSettling)?
    /// Stores results together with the acknowledgement; `nil` when they go elsewhere.
    let joint: (any JointSettling)?
    /// Checks before an outcome is recorded whether its lease still holds.
    let checking: (any LeaseChecking)?
    /// Sends dead letters on its own connection.
    let deadLetters: (any DeadLetterSending)?
    /// The store, if any client can look up results there, not only the sender.
    let lookup: (any ResultStore)?
    /// The store, if the result of an earlier attempt never replaces that of a later one.
    let refining: (any ResultRefining)?
    /// The store, if it keeps what tasks write.
    let output: (any OutputKeeping)?
    /// The store, whatever it can do: what a running task says about itself goes wherever its result goes.
    let store: (any ResultStore)?
    /// The store, if its expired results need to be dropped.
    let expiring: (any ResultExpiring)?

    init(_ consumer: any BrokerConsumer, _ store: (any ResultStore)?) {
        self.consumer = consumer
        leases = consumer as? any LeaseHolding
        limits = consumer as? any LimitKeeping
        slots = consumer is any LimitKeeping ? nil : store as? any SlotKeeping
        postponing = consumer as? any Postponing
        pushing = consumer as? any DeliveryPushing
        backlog = consumer as? any BacklogKnowing
        waiting = consumer as? any WaitingKnowing
        schedule = consumer as? any ScheduleKnowing
        ahead = consumer as? any HoldingAhead
        switching = consumer as? any QueueSwitching
        commands = consumer as? any CommandFollowing
        control = consumer as? any RemoteControllable
        reporting = consumer as? any BrokerReporting
        flight = consumer as? any FlightRecording
        space = consumer as? any SpaceReturning
        let atomic = consumer as? any AtomicSettling
        self.atomic = store.map { atomic?.settlesInto($0) ?? false } ?? true ? atomic : nil
        let joint = consumer as? any JointSettling
        self.joint = store.map { joint?.sharesServer(with: $0) ?? false } ?? false ? joint : nil
        checking = consumer as? any LeaseChecking
        deadLetters = consumer as? any DeadLetterSending
        self.store = store
        lookup = store is any ResultAnswering ? nil : store
        refining = store as? any ResultRefining
        output = store as? any OutputKeeping
        expiring = store as? any ResultExpiring
    }

    /// Whether a redelivered message is fenced off from its first delivery, and its result recorded with its
    /// acknowledgement. Otherwise a worker must check whether the message has run already.
    var fencesRepeats: Bool { atomic != nil }
}
