import Brokers
import CeleryCore
import RabbitMQ

/// What only some brokers can do: each power that a driver may declare, and some that no protocol tells.
enum BrokerPower: CaseIterable {
    /// Tells how long the oldest message of a queue has waited.
    case ages
    /// Has queues that are more than their messages: they can be removed, and other declarations noticed.
    case queueRemoving, declarationChecking
    case counting, purging, keys, locating, listing, withdrawing, backlog
    /// Tells which workers were lost.
    case losses
    /// Sends results to the queue where a client waits.
    case replies
    case workers, leases, leaseChecking, atomicSettling, jointSettling, deadLetters, deadLetterSending, switching, commands, commandShowing
    /// Knows whether there is work for more hands.
    case demand
    /// Lists ids of messages by their beginning.
    case ids
    /// Knows what waits for its time.
    case schedule
    /// Keeps rates and slots for all workers, and tells what a message waits for.
    case limits
    /// Keeps a delivery back for a while without a worker.
    case postponing
    /// Keeps events for those who come later.
    case keptEvents
    /// Tells priorities above nine apart from nine.
    case widePriorities
    case events, eventReading, statistics, beat
    /// Looks through messages, or kept events, for one task.
    case searching, eventSearching
    /// Carries questions to workers, and their answers back.
    case control
    /// Shows a message that waits, and where it stands.
    case showing
    /// Gives a sign of life when asked.
    case probing
    case flightRecords, pushing, notices, holdingAhead
    /// Gives back disk space that it does not need any more.
    case spaceReturning
    /// Refuses an id that is in use.
    case uniqueIDs
    /// Knows how often a message was tried, not only whether it may have been.
    case countedAttempts
    /// Hands over the messages of all queues, and those that become due, in one order.
    case oneOrder
    /// Returns what a worker had that was lost with its connection.
    case returning
    /// Puts what returns to a queue where it came from. Elsewhere what several connections, or several parts of one, give back comes
    /// again in the order in which they end.
    case returnOrder
    /// Shows all dead letters to each of several commands that are the first to read them. Elsewhere the first makes the lock.
    case firstReaders
    /// Serves higher priorities first. With kombu's layout the lowest are.
    case highestFirst
    /// Serves messages by priority at all.
    case priorities
    /// Tells what its server cannot do.
    case lacking
    /// Tells apart what is ready, scheduled and running.
    case exactCounts
    /// Knows a report of statistics again that was handed over before; others fail only when they have added nothing.
    case reportNumbers
    /// Goes on with the subscription of a worker whose connection ended.
    case resuming

    /// - Parameter server: What the server of an `AMQPBroker` can do; `nil` for other brokers.
    func isHad(by broker: any Broker, _ consumer: any BrokerConsumer, at server: ServerAbilities?) -> Bool {
        let hasStreams = server?.has(.streams) ?? true
        let takesArguments = server?.has(.arguments) ?? true
        return switch self {
        case .ages: broker is any AgeKnowing
        case .queueRemoving: broker is any QueueRemoving
        case .declarationChecking: broker is any DeclarationChecking
        case .counting: broker is any QueueCounting
        case .purging: broker is any QueuePurging
        case .keys: broker is any KeyedPublishing
        case .locating: broker is any MessageLocating
        case .listing: broker is any WaitingListing
        case .losses: broker is any LossTelling && hasStreams
        case .replies: broker is any ReplySending
        case .withdrawing: broker is any MessageWithdrawing
        case .backlog: consumer is any BacklogKnowing
        case .workers: (broker as? any WorkerListing)?.knowsWorkers ?? false
        case .leases: consumer is any LeaseHolding
        case .leaseChecking: consumer is any LeaseChecking
        case .atomicSettling: consumer is any AtomicSettling
        case .jointSettling: consumer is any JointSettling
        case .deadLetters: broker is any DeadLetterKeeping && keepsDelivered(broker)
        case .deadLetterSending: consumer is any DeadLetterSending
        case .switching: consumer is any QueueSwitching
        case .commands: broker is any Revoking & QueuePausing && consumer is any CommandFollowing
        case .commandShowing: broker is any CommandShowing
        case .ids: broker is any TaskIDListing
        case .demand: consumer is any WaitingKnowing
        case .schedule: consumer is any ScheduleKnowing
        case .limits: consumer is any LimitKeeping && broker is any LimitReporting
        case .postponing: consumer is any Postponing
        case .events: broker is any EventSending & EventFollowing && hasTopics(broker)
        case .keptEvents: broker is any EventSending && !(broker is STOMPBroker || broker is AMQP10Broker) && hasStreams
        case .widePriorities: !(broker is RedisBroker || broker is STOMPBroker || broker is AMQP10Broker) && takesArguments
        case .eventReading: broker is any EventReading
        case .searching: broker is any MessageSearching
        case .eventSearching: broker is any EventSearching
        case .statistics: broker is any StatisticsKeeping
        case .beat: broker is any BeatKeeping
        case .control: broker is any WorkerAsking && consumer is any RemoteControllable && hasTopics(broker)
        case .showing: broker is any MessageShowing
        case .probing: broker is any BrokerProbing
        case .flightRecords: consumer is any FlightRecording
        case .pushing: consumer is any DeliveryPushing
        case .notices: consumer is any BrokerReporting
        case .holdingAhead: consumer is any HoldingAhead
        case .spaceReturning: consumer is any SpaceReturning
        case .resuming: broker is any SubscriptionResuming
        // These are no protocols: a driver has them or says that it has not.
        case .uniqueIDs, .countedAttempts, .oneOrder, .exactCounts: broker is any MessageLocating
        case .reportNumbers: broker is any StatisticsKeeping && !(broker is any MessageLocating) && hasStreams
        case .returning: keepsDelivered(broker)
        case .returnOrder: !(consumer is ActiveMQConsumer) && keepsDelivered(broker)
        case .firstReaders: broker is any DeadLetterKeeping && !(broker is AMQP10Broker)
        case .highestFirst: !(broker is RedisBroker) && keepsDelivered(broker) && takesArguments
        case .lacking: broker is any PowerLacking
        case .priorities: keepsDelivered(broker) && takesArguments
        }
    }

    /// What an AMQP 1.0 server can do is known once it has answered: Proton's example has queues that are lists, and nothing else.
    private func hasTopics(_ broker: any Broker) -> Bool { (broker as? AMQP10Broker)?.hasTopics ?? true }
    private func keepsDelivered(_ broker: any Broker) -> Bool { (broker as? AMQP10Broker)?.keepsDelivered ?? true }
}
