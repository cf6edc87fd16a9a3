/// What is promised of rates and slots wherever they are kept: the sentence, and in the file beside this one its proof.
///
/// Three keep them: a broker for all its workers, a result store beside a broker that keeps none, and a worker by itself.
enum LimitPromise: String, CaseIterable, Sendable {
    // Slots
    case slots = "no more begin than there are slots, and the next when one comes free, in order"
    case keys = "each key has slots of its own"
    case tasks = "each task has slots of its own"
    case slotsOfAll = "the slots count over all workers"
    case ownSlots = "a worker frees its own slots only"
    case deadWorker = "the slots of a worker that is gone come free, and those of one that lives do not"
    case leavesAll = "a worker that leaves leaves all its slots"
    case anyOrder = "in any order of events no slot is had twice, and in the end everything has run"

    // Rates
    case rate = "a rate lets one begin at a time, and what was not used is not saved up"
    case rateOfKeys = "all keys of a task share its rate"
    case newRate = "a new rate counts at once, for those that wait as well"
    case rateGone = "without a rate nobody waits for one"
    case rateOfAll = "a rate counts over all workers"

    // Both
    case both = "who has a turn and no slot waits for the slot, and has its turn then"
    case expires = "what expires while it waits is handed over then, without a turn or a slot"

    /// Without these powers nobody can keep it, and need not.
    var needs: Set<LimitPower> {
        switch self {
        case .slots, .keys, .tasks, .leavesAll, .anyOrder: [.slots]
        case .slotsOfAll, .ownSlots, .deadWorker: [.slots, .allWorkers]
        case .rate, .newRate, .rateGone: [.rates]
        case .rateOfAll: [.rates, .allWorkers]
        case .rateOfKeys, .both: [.rates, .slots]
        case .expires: [.rates, .slots, .waiting]
        }
    }

    static func all(of fixture: any LimitFixture.Type) -> [LimitPromise] { allCases.filter { $0.needs.isSubset(of: fixture.powers) } }

    /// Proves it on a fresh place.
    func check(_ type: any LimitFixture.Type) async throws {
        let proof = LimitProof(fixture: try type.init())
        switch self {
        case .slots: try await proof.slots()
        case .keys: try await proof.keys()
        case .tasks: try await proof.tasks()
        case .slotsOfAll: try await proof.slotsOfAll()
        case .ownSlots: try await proof.ownSlots()
        case .deadWorker: try await proof.deadWorker()
        case .leavesAll: try await proof.leavesAll()
        case .anyOrder: try await proof.anyOrder()
        case .rate: try await proof.rate()
        case .rateOfKeys: try await proof.rateOfKeys()
        case .newRate: try await proof.newRate()
        case .rateGone: try await proof.rateGone()
        case .rateOfAll: try await proof.rateOfAll()
        case .both: try await proof.both()
        case .expires: try await proof.expires()
        }
    }
}

/// What only some keepers of limits can do.
enum LimitPower: CaseIterable {
    case slots, rates
    /// Counts for all workers, rather than for each by itself.
    case allWorkers
    /// Keeps those that wait, and hands them over when they may begin; others are asked again.
    case waiting
}
