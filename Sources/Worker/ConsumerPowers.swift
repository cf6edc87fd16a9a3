import CeleryCore

/// What a subscription, and the result store beside it, can do: asked once, when the worker has subscribed.
struct ConsumerPowers: Sendable {
    let consumer: any BrokerConsumer
    /// Takes messages back from workers that died.
    let leases: (any LeaseHolding)?
    /// Keeps rates and slots of tasks for all workers.
    let limits: (any LimitKeeping)?
    /// Keeps the slots of tasks for a broker that keeps none; `nil` where each worker counts by itself.
    let slots: (any SlotKeeping)?
    /// Keeps a delivery back until a time.
    let postponing: (any Postponing)?
    /// Sends messages before they are asked for.
    let pushing: (any DeliveryPushing)?
    /// Knows whether the queues are empty.
    let backlog: (any BacklogKnowing)?
    /// Knows whether there is work for more children.
    let waiting: (any WaitingKnowing)?
    /// Knows what waits for its time.
    let schedule: (any ScheduleKnowing)?
    /// Holds messages until their time before the worker takes them.
    let ahead: (any HoldingAhead)?
    /// Changes the queues it takes from.
    let switching: (any QueueSwitching)?
    /// Learns what operators revoke and pause.
    let commands: (any CommandFollowing)?
    /// Carries questions of operators.
    let control: (any RemoteControllable)?
    /// Tells what happens on its connection.
    let reporting: (any BrokerReporting)?
    /// Knows afterwards what a worker that died had begun.
    let flight: (any FlightRecording)?
    /// Gives unused space of a file back.
    let space: (any SpaceReturning)?
    /// Records result, follow-ups and acknowledgement as one, with the results of this worker.
    let atomic: (any AtomicSettling)?
    /// The store, where results can be looked up by whoever did not send the task.
    let lookup: (any ResultStore)?
    /// The store, where a result of an earlier attempt never replaces one of a later.
    let refining: (any ResultRefining)?
    /// The store, where results are dropped when their time is over.
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
        lookup = store is any ResultAnswering ? nil : store
        refining = store as? any ResultRefining
        expiring = store as? any ResultExpiring
    }

    /// Whether a message that comes again is fenced off from its first delivery, and its result recorded with its
    /// acknowledgement. Elsewhere a worker must look whether it has run already.
    var fencesRepeats: Bool { atomic != nil }
}
