/// What every broker promises: the sentence, and in the files beside this one its proof.
///
/// A new meaning enters here first; then every driver has to keep it.
enum BrokerPromise: String, CaseIterable {
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

    // Knowing
    case counts = "counts what waits, what is scheduled and what runs"
    case purges = "purging drops what no worker has, from the queues named"
    case purgesAll = "purging everything drops all that waits"
    case withdraws = "withdraws single messages that no worker has"
    case locates = "tells where a message is"
    case keys = "a key is held for its time, and then is free"
    case keyOfRefused = "a refused message does not take its key"
    case backlog = "the backlog is what is due or held by anyone"
    case workers = "lists workers with their tasks and what they run"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<BrokerPower> {
        switch self {
        case .leaseRunsOut, .renewedLease, .deathIsReported: [.leases]
        case .revival: [.leases, .workers]
        case .atomic, .atomicRetry, .atomicFence, .ownStore: [.atomicSettling]
        case .idInUse, .idTwiceInBatch, .publishersDoNotHurtEachOther: [.uniqueIDs]
        case .severalQueues, .dueInOrder: [.oneOrder]
        case .attempts: [.countedAttempts]
        case .counts: [.counting, .exactCounts]
        case .purges, .purgesAll: [.purging, .locating, .exactCounts]
        case .withdraws: [.withdrawing]
        case .locates: [.locating]
        case .keys, .keyOfRefused: [.keys]
        case .backlog: [.backlog, .exactCounts]
        case .workers: [.workers, .leases]
        default: []
        }
    }

    static func all(of fixture: (some BrokerFixture).Type) -> [BrokerPromise] {
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
        case .counts: try await proof.counts()
        case .purges: try await proof.purges()
        case .purgesAll: try await proof.purgesAll()
        case .withdraws: try await proof.withdraws()
        case .locates: try await proof.locates()
        case .keys: try await proof.keys()
        case .keyOfRefused: try await proof.keyOfRefused()
        case .backlog: try await proof.backlog()
        case .workers: try await proof.workers()
        }
    }
}

/// The proofs, on one fixture.
struct BrokerProof<Fixture: BrokerFixture> {
    let fixture: Fixture
}
