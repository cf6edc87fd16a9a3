/// What every result store promises: the sentence, and in the files beside this one its proof.
enum ResultStorePromise: String, CaseIterable, Sendable {
    case results = "gives back what was stored, with every field that Celery's own results have"
    case wholeResults = "gives back the fields that only our own results have"
    case oddValues = "carries large and odd values"
    case sizes = "carries values of every size up to 16 MiB"
    case oddIDs = "takes ids of any letters, and confuses none"
    case unknown = "ids without a record are absent"
    case many = "answers for thousands of ids at once"
    case requests = "keeps the message of a task with its result, from the first one on"
    case sets = "keeps task-sets"
    case setList = "lists the task-sets that it keeps, newest first"
    case setMembers = "puts a task in the place of a member of a set"
    case setCounts = "counts the results of a set's members in each state, whoever stored them first"
    case chordEnds = "the end of a chord's last member, whichever it is, completes the chord, and its values are in order"
    case chordMemberTwice = "a member of a chord that ends twice is counted once, and its first result stands"
    case chordPlaces = "a task that stands in two places of a chord is two members"
    case chordClaim = "only one of many members that end at once has the claim, and keeps it when it tells again"
    case chordFails = "the failure of a member is kept with its reason, and a failed chord is not completed again"
    case outputs = "keeps what attempts wrote, and gives it back by attempt"
    case outputStays = "what an attempt wrote in all is not replaced by what it had written before"
    case lastOutputs = "keeps what the last attempts wrote of a task that is tried for ever"
    case outputForgotten = "what attempts wrote is forgotten with the result"
    case outputExpires = "what attempts wrote is dropped with the result when its time is over"
    case listed = "lists the tasks that have a result, those that changed last first, in pages"
    case listedBatch = "results of one batch are listed in its order"
    case listedPages = "every filter selects the same in pages as at once"
    case listedStates = "lists tasks by their states, also those of a task's own"
    case listedByName = "lists tasks by a pattern of their names, by queues and by times"
    case listedByText = "finds text in arguments, values and errors, and not what is hidden"
    case listedFarText = "finds a text behind many others, and pages of what was found follow each other"
    case listedManyNames = "finds tasks of more names than it looks up one by one"
    case listedUnexpired = "lists no result that has expired"
    case parts = "each result is in one part of a list, the newest first"
    case partFilters = "every filter selects the same in parts as at once"
    case partWithoutTime = "a part without time is short, and says where to go on"
    case partsUnexpired = "results that have expired take no place in a part"
    case ids = "lists ids of tasks with a result by their beginning, or the newest"
    case forgets = "forgetting drops results and tells how many there were"
    case finalStays = "a final result is never overwritten"
    case firstWriters = "of two who store the first result at once, one wins for all who look"
    case announced = "a revocation that no worker has confirmed gives way to what an attempt came to"
    case newerStays = "a newer attempt is never overwritten by an older"
    case progress = "what is not final is replaced by the same or a newer attempt"
    case expires = "a result is gone when its time is over"
    case dropsExpired = "drops expired results in batches"
    case keepsForEver = "keeps results for ever without a time"
    case wakes = "a wait ends when another connection stores a result"
    case nothingMissed = "a wait misses nothing since its mark"
    case waitDeadline = "a wait ends at its deadline"
    case waitCancelled = "a wait ends when its task is cancelled"
    case atOnce = "takes results from many at once"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<ResultStorePower> {
        switch self {
        case .wholeResults: [.ownFields]
        case .newerStays: [.attempts, .oneRecord]
        case .firstWriters: [.oneRecord]
        case .announced: [.announcing]
        case .oddIDs: [.anyIDs]
        case .many: [.manyAtOnce]
        case .requests: [.requests]
        case .sets, .setMembers: [.sets]
        case .setList: [.sets, .setList]
        case .setCounts: [.setCounts]
        case .chordEnds, .chordMemberTwice, .chordPlaces, .chordClaim, .chordFails: [.chords]
        case .outputs, .outputStays, .lastOutputs, .outputForgotten: [.outputs]
        case .outputExpires: [.outputs, .expiring]
        case .listed, .listedBatch, .listedPages, .listedStates, .listedByName, .listedByText, .listedFarText, .listedManyNames,
            .listedUnexpired:
            [.listing]
        case .parts, .partFilters, .partWithoutTime, .partsUnexpired: [.listing, .paging]
        case .ids: [.ids]
        case .expires: [.ownExpiry]
        case .dropsExpired, .keepsForEver: [.expiring]
        case .wakes, .nothingMissed, .waitDeadline, .waitCancelled: [.watching]
        default: []
        }
    }

    static func all(of fixture: any ResultStoreFixture.Type) -> [ResultStorePromise] {
        allCases.filter { $0.needs.isSubset(of: fixture.powers) }
    }

    func check<Fixture: ResultStoreFixture>(_ type: Fixture.Type) async throws {
        let proof = ResultStoreProof(fixture: try Fixture())
        switch self {
        case .results: try await proof.results()
        case .wholeResults: try await proof.wholeResults()
        case .oddValues: try await proof.oddValues()
        case .sizes: try await proof.sizes()
        case .oddIDs: try await proof.oddIDs()
        case .unknown: try await proof.unknown()
        case .many: try await proof.many()
        case .requests: try await proof.requests()
        case .sets: try await proof.sets()
        case .setList: try await proof.setList()
        case .setMembers: try await proof.setMembers()
        case .setCounts: try await proof.setCounts()
        case .chordEnds: try await proof.chordEnds()
        case .chordMemberTwice: try await proof.chordMemberTwice()
        case .chordPlaces: try await proof.chordPlaces()
        case .chordClaim: try await proof.chordClaim()
        case .chordFails: try await proof.chordFails()
        case .outputs: try await proof.outputs()
        case .outputStays: try await proof.outputStays()
        case .lastOutputs: try await proof.lastOutputs()
        case .outputForgotten: try await proof.outputForgotten()
        case .outputExpires: try await proof.outputExpires()
        case .listed: try await proof.listed()
        case .listedBatch: try await proof.listedBatch()
        case .listedPages: try await proof.listedPages()
        case .listedStates: try await proof.listedStates()
        case .listedByName: try await proof.listedByName()
        case .listedByText: try await proof.listedByText()
        case .listedFarText: try await proof.listedFarText()
        case .listedManyNames: try await proof.listedManyNames()
        case .listedUnexpired: try await proof.listedUnexpired()
        case .parts: try await proof.parts()
        case .partFilters: try await proof.partFilters()
        case .partWithoutTime: try await proof.partWithoutTime()
        case .partsUnexpired: try await proof.partsUnexpired()
        case .ids: try await proof.ids()
        case .forgets: try await proof.forgets()
        case .finalStays: try await proof.finalStays()
        case .firstWriters: try await proof.firstWriters()
        case .announced: try await proof.announced()
        case .newerStays: try await proof.newerStays()
        case .progress: try await proof.progress()
        case .expires: try await proof.expires()
        case .dropsExpired: try await proof.dropsExpired()
        case .keepsForEver: try await proof.keepsForEver()
        case .wakes: try await proof.wakes()
        case .nothingMissed: try await proof.nothingMissed()
        case .waitDeadline: try await proof.waitDeadline()
        case .waitCancelled: try await proof.waitCancelled()
        case .atOnce: try await proof.atOnce()
        }
    }
}
