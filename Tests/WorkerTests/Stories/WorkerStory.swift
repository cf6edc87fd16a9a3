import Testing

/// What a worker lives through: the sentence, and in the files beside this one its proof.
///
/// Each is proved on every broker by the same code. What a worker means enters here first.
enum WorkerStory: String, CaseIterable, Sendable, CustomTestStringConvertible {
    // Working
    case swiftTask = "runs a Swift task and records its result"
    case program = "runs a program, and what that prints is its result"
    case calls = "calls URLs beside its children, many at once, and the answers are the results"
    case many = "runs hundreds of tasks over several children, each once"
    case due = "runs a task when it is due, and no sooner"
    case linked = "sends the value of a task to those linked to it"
    case chain = "carries a chain to its end"
    case request = "keeps the message of a task with its result, also when a retry has changed it"
    case resultsUnwanted = "keeps no result where none is wanted, but every failure"

    // Failing
    case programEnds = "records how a program ended"
    case throwing = "records what a Swift task throws"
    case unknown = "refuses a task that it does not know, and what has expired"
    case damaged = "refuses a message that nobody can read, and goes on"

    // Trying again
    case retries = "tries a task again until it works"
    case triesEnd = "fails of the cause when no tries are left"
    case triesOutliveWorker = "leaves the next try to another worker when it stops"
    case childDies = "replaces a child that dies, and tries its task again within the crash limit"

    // Being acknowledged early
    case early = "runs a task at most once that is acknowledged early"
    case earlyUnbegun = "loses nothing that was acknowledged early and has not begun"

    // Stopping
    case burst = "ends when the queues are empty, if it is told to"
    case maxTasks = "ends after so many tasks, and leaves the others to others"
    case warmStop = "finishes what runs when it stops, and gives back the rest as never tried"
    case coldStop = "gives back what runs when it stops at once, and another runs it as the second attempt"

    // Losing its broker
    case brokerRefuses = "records what has run however often broker and store refuse"
    case brokerLost = "runs a task once although it loses its broker meanwhile"

    // Being told
    case revokedBefore = "runs no task that was revoked before it came"
    case revokedRunning = "ends a task that is revoked while it runs, with all that it has started"
    case paused = "takes nothing of a paused queue until that is resumed"
    case otherQueue = "takes from another queue once it is told to, and no more once it is told that"
    case answers = "tells who asks what it runs"

    // Keeping limits
    case slots = "runs no more of a task at once than it allows, and others beside it"
    case rate = "begins tasks as often as their rate allows"
    case limitLeft = "leaves what waits for its limit to another when it stops, as never tried"

    var testDescription: String { rawValue }

    /// Whether the broker has to keep what operators tell workers.
    private var needsCommands: Bool { [.revokedBefore, .revokedRunning, .paused].contains(self) }

    /// Whether the broker has to carry questions to workers.
    private var needsControl: Bool { [.otherQueue, .answers].contains(self) }

    /// Whether it can be proved there; what a broker cannot do is among the powers that it lacks.
    func isTold(at place: StoryPlace) -> Bool {
        (place.keepsCommands || !needsCommands) && (place.carriesControl || !needsControl) && (place.switchesQueues || self != .otherQueue)
    }

    /// Proves it on a broker of its own.
    func prove(on place: StoryPlace) async throws {
        let proof = WorkerStoryProof(stage: try Stage(place))
        switch self {
        case .swiftTask: try await proof.swiftTask()
        case .program: try await proof.program()
        case .calls: try await proof.calls()
        case .many: try await proof.many()
        case .due: try await proof.due()
        case .linked: try await proof.linked()
        case .chain: try await proof.chain()
        case .request: try await proof.request()
        case .resultsUnwanted: try await proof.resultsUnwanted()
        case .programEnds: try await proof.programEnds()
        case .throwing: try await proof.throwing()
        case .unknown: try await proof.unknown()
        case .damaged: try await proof.damaged()
        case .retries: try await proof.retries()
        case .triesEnd: try await proof.triesEnd()
        case .triesOutliveWorker: try await proof.triesOutliveWorker()
        case .childDies: try await proof.childDies()
        case .early: try await proof.early()
        case .earlyUnbegun: try await proof.earlyUnbegun()
        case .burst: try await proof.burst()
        case .maxTasks: try await proof.maxTasks()
        case .warmStop: try await proof.warmStop()
        case .coldStop: try await proof.coldStop()
        case .brokerRefuses: try await proof.brokerRefuses()
        case .brokerLost: try await proof.brokerLost()
        case .revokedBefore: try await proof.revokedBefore()
        case .revokedRunning: try await proof.revokedRunning()
        case .paused: try await proof.paused()
        case .otherQueue: try await proof.otherQueue()
        case .answers: try await proof.answers()
        case .slots: try await proof.slots()
        case .rate: try await proof.rate()
        case .limitLeft: try await proof.limitLeft()
        }
    }
}

/// The proofs, on one stage.
struct WorkerStoryProof {
    let stage: Stage
}
