/// What every broker promises: the sentence, and in the files beside this one its proof.
///
/// A new meaning enters here first; then every driver has to keep it.
enum BrokerPromise: String, CaseIterable, Sendable {
    // Publishing
    case wholeMessages = "hands over what was published, every field of it"
    case bigMessages = "carries large and odd bodies"
    case emptyBatch = "accepts a batch of nothing"
    case idInUse = "refuses an id that waits or runs, and the whole batch with it"
    case idTwiceInBatch = "refuses a batch that names an id twice"
    case retriedBefore = "counts the attempts of a message that was retried before"
    case idFreedAgain = "accepts an id again once its message is done with"
    case publishersDoNotHurtEachOther = "a refused batch does not hurt what others publish at the same time"

    // Taking
    case order = "hands over the highest priority first, then the oldest"
    case severalQueues = "takes from all queues of a worker in one order, and from no other"
    case queueNamedTwice = "a queue named twice is one queue"
    case neverMore = "never hands over more than asked for"
    case noneTwice = "hands over nothing twice while it is leased"
    case eta = "holds a message back until its time, and no longer"
    case dueInOrder = "what becomes due takes its place by priority"

    // Settling
    case acknowledged = "a settled message is gone"
    case retried = "a retry replaces the message under the same id, and counts"
    case retriedLater = "a retry waits for its time"
    case followUps = "settling publishes what follows, and drops a follow-up whose id is in use"
    case settledOnce = "a delivery is settled once"
    case mixedBatch = "tells for each outcome of a batch whether it counted"
    case givenBackUntried = "what is given back unstarted keeps its place and was never tried"
    case givenBackTried = "what is given back started counts as tried"
    case attempts = "numbers the attempts of a message up"
    case closeGivesBack = "closing gives back what is held, as never tried"
    case closeWhenCancelled = "closing works in a task that is cancelled"

    // Death
    case deathIsNoLoss = "what a dead worker held comes back, one attempt on"
    case lateOutcome = "the late outcome of a worker taken for dead changes nothing"
    case leaseRunsOut = "a worker that does not renew its lease loses what it holds"
    case renewedLease = "a worker that renews its lease keeps what it holds"
    case revival = "a worker taken for dead works on as if new"
    case deathIsReported = "tells who died and how much it held, once"

    // Results with the delivery
    case atomic = "result, follow-ups and acknowledgement are recorded as one"
    case atomicRetry = "a retry and its result are recorded as one"
    case atomicFence = "a late outcome leaves no result and no follow-ups"
    case ownStore = "knows which store it can settle into"

    // Waiting
    case wakes = "a wait ends when another connection publishes"
    case wakesForGivenBack = "a wait ends when a message is given back"
    case wakesWhenDue = "a wait ends when a message becomes due"
    case waitDeadline = "a wait ends at its deadline"
    case waitCancelled = "a wait ends when its task is cancelled"
    case waitWithWork = "does not wait when there is work"

    // Switching
    case switchesQueues = "takes from other queues once it is told to, and from those it left no more"
    case leavesQueues = "gives back what it holds of a queue it leaves, but for what the worker has"
    case takesFromNothing = "may take from no queue for a while"

    // Orders
    case revokesWaiting = "removes what is revoked and no worker has, and publishes what follows"
    case revokesByRule = "removes what is revoked by its name, header or stamp"
    case revokesHeld = "leaves what a worker has to the worker, which learns of it"
    case remembersRevocations = "tells workers of now and later what is revoked, as long as it lasts"
    case pausesQueues = "hands over nothing of a paused queue until it is resumed, and tells why"
    case resumesByItself = "a pause ends at its time"

    // Knowing
    case counts = "counts what waits, what is scheduled and what runs"
    case purges = "purging drops what no worker has, from the queues named"
    case purgesAll = "purging everything drops all that waits"
    case withdraws = "withdraws single messages that no worker has"
    case locates = "tells where a message is"
    case ids = "lists ids of messages by their beginning, or the newest"
    case keys = "a key is held for its time, and then is free"
    case keyOfRefused = "a refused message does not take its key"
    case backlog = "the backlog is what is due or held by anyone"
    case workers = "lists workers with their tasks and what they run"
    case demand = "tells how many that wait are work for more hands"
    case schedule = "tells what waits for its time, the next first"

    // Dead letters
    case buries = "what is given up is kept, with the reason and all it came with"
    case buriesBatch = "a batch may bury some and settle others"
    case buryFence = "who was taken for dead buries nothing"
    case buriesWithoutDelivery = "buries a message that no queue has"
    case deadOrder = "lists dead letters by age, within the limit, as often as wanted"
    case deadFilters = "finds dead letters by id, task, queue, reason and time"
    case deadAtOnce = "several may look at the dead letters at once, and each sees all"
    case replays = "a dead letter that is sent again is as new, under its id, and its attempts go on"
    case replaysElsewhere = "dead letters can be sent to another queue, a few at a time"
    case replayRefused = "an expired dead letter is not sent, and stays"
    case replayInUse = "a dead letter whose id is in use is not sent, and stays"
    case dropsDead = "drops those dead letters that are meant"
    case crashes = "counts crashes apart from attempts, over retries"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<BrokerPower> {
        switch self {
        case .leaseRunsOut, .renewedLease, .deathIsReported: [.leases]
        case .revival: [.leases, .workers]
        case .atomic, .atomicRetry, .atomicFence, .ownStore: [.atomicSettling]
        case .idInUse, .idTwiceInBatch, .publishersDoNotHurtEachOther: [.uniqueIDs]
        case .severalQueues, .dueInOrder: [.oneOrder]
        case .order: [.highestFirst]
        case .deathIsNoLoss, .lateOutcome: [.returning]
        case .buries, .buriesBatch, .buryFence, .buriesWithoutDelivery, .deadOrder, .deadFilters, .deadAtOnce, .replays,
            .replaysElsewhere, .replayRefused, .dropsDead:
            [.deadLetters]
        case .replayInUse: [.deadLetters, .uniqueIDs]
        case .attempts: [.countedAttempts]
        case .revokesWaiting, .revokesByRule, .revokesHeld: [.commands, .locating]
        case .remembersRevocations, .pausesQueues, .resumesByItself: [.commands]
        case .switchesQueues, .leavesQueues, .takesFromNothing: [.switching]
        case .counts: [.counting, .exactCounts]
        case .purges, .purgesAll: [.purging, .locating, .exactCounts]
        case .withdraws: [.withdrawing]
        case .locates: [.locating]
        case .ids: [.ids]
        case .keys: [.keys]
        case .keyOfRefused: [.keys, .uniqueIDs]
        case .backlog: [.backlog, .exactCounts]
        case .workers: [.workers, .leases]
        case .demand: [.demand]
        case .schedule: [.schedule]
        default: []
        }
    }

    static func all(of fixture: any BrokerFixture.Type) -> [BrokerPromise] {
        allCases.filter { $0.needs.isSubset(of: fixture.powers) }
    }

    /// Proves it on a fresh place.
    func check<Fixture: BrokerFixture>(_ type: Fixture.Type) async throws {
        let proof = BrokerProof(fixture: try Fixture())
        switch self {
        case .wholeMessages: try await proof.wholeMessages()
        case .bigMessages: try await proof.bigMessages()
        case .emptyBatch: try await proof.emptyBatch()
        case .idInUse: try await proof.idInUse()
        case .idTwiceInBatch: try await proof.idTwiceInBatch()
        case .retriedBefore: try await proof.retriedBefore()
        case .idFreedAgain: try await proof.idFreedAgain()
        case .publishersDoNotHurtEachOther: try await proof.publishersDoNotHurtEachOther()
        case .order: try await proof.order()
        case .severalQueues: try await proof.severalQueues()
        case .queueNamedTwice: try await proof.queueNamedTwice()
        case .neverMore: try await proof.neverMore()
        case .noneTwice: try await proof.noneTwice()
        case .eta: try await proof.eta()
        case .dueInOrder: try await proof.dueInOrder()
        case .acknowledged: try await proof.acknowledged()
        case .retried: try await proof.retried()
        case .retriedLater: try await proof.retriedLater()
        case .followUps: try await proof.followUps()
        case .settledOnce: try await proof.settledOnce()
        case .mixedBatch: try await proof.mixedBatch()
        case .givenBackUntried: try await proof.givenBackUntried()
        case .givenBackTried: try await proof.givenBackTried()
        case .attempts: try await proof.attempts()
        case .closeGivesBack: try await proof.closeGivesBack()
        case .closeWhenCancelled: try await proof.closeWhenCancelled()
        case .deathIsNoLoss: try await proof.deathIsNoLoss()
        case .lateOutcome: try await proof.lateOutcome()
        case .leaseRunsOut: try await proof.leaseRunsOut()
        case .renewedLease: try await proof.renewedLease()
        case .revival: try await proof.revival()
        case .deathIsReported: try await proof.deathIsReported()
        case .atomic: try await proof.atomic()
        case .atomicRetry: try await proof.atomicRetry()
        case .atomicFence: try await proof.atomicFence()
        case .ownStore: try await proof.ownStore()
        case .wakes: try await proof.wakes()
        case .wakesForGivenBack: try await proof.wakesForGivenBack()
        case .wakesWhenDue: try await proof.wakesWhenDue()
        case .waitDeadline: try await proof.waitDeadline()
        case .waitCancelled: try await proof.waitCancelled()
        case .waitWithWork: try await proof.waitWithWork()
        case .revokesWaiting: try await proof.revokesWaiting()
        case .revokesByRule: try await proof.revokesByRule()
        case .revokesHeld: try await proof.revokesHeld()
        case .remembersRevocations: try await proof.remembersRevocations()
        case .pausesQueues: try await proof.pausesQueues()
        case .resumesByItself: try await proof.resumesByItself()
        case .switchesQueues: try await proof.switchesQueues()
        case .leavesQueues: try await proof.leavesQueues()
        case .takesFromNothing: try await proof.takesFromNothing()
        case .counts: try await proof.counts()
        case .purges: try await proof.purges()
        case .purgesAll: try await proof.purgesAll()
        case .withdraws: try await proof.withdraws()
        case .locates: try await proof.locates()
        case .ids: try await proof.ids()
        case .keys: try await proof.keys()
        case .keyOfRefused: try await proof.keyOfRefused()
        case .backlog: try await proof.backlog()
        case .workers: try await proof.workers()
        case .demand: try await proof.demand()
        case .schedule: try await proof.schedule()
        case .buries: try await proof.buries()
        case .buriesBatch: try await proof.buriesBatch()
        case .buryFence: try await proof.buryFence()
        case .buriesWithoutDelivery: try await proof.buriesWithoutDelivery()
        case .deadOrder: try await proof.deadOrder()
        case .deadFilters: try await proof.deadFilters()
        case .deadAtOnce: try await proof.deadAtOnce()
        case .replays: try await proof.replays()
        case .replaysElsewhere: try await proof.replaysElsewhere()
        case .replayRefused: try await proof.replayRefused()
        case .replayInUse: try await proof.replayInUse()
        case .dropsDead: try await proof.dropsDead()
        case .crashes: try await proof.crashes()
        }
    }
}

/// The proofs, on one fixture.
struct BrokerProof<Fixture: BrokerFixture> {
    let fixture: Fixture
}
