/// What every broker that keeps the state of beats promises: the sentence, and in the files beside this one its proof.
enum BeatPromise: String, CaseIterable, Sendable {
    // Leading
    case oneLeads = "one of several beats leads, and the others are told that they do not"
    case staysLeader = "the leader stays it"
    case closing = "when the leader closes, another is woken and leads"
    case death = "when the leader dies without a word, another leads"
    case silence = "a leader that shows no sign of life is replaced, and one that does is not"
    case steppedClock = "a clock that is set replaces nobody"
    case fencedOff = "what a beat sends that was replaced changes nothing"
    case neverLed = "what a beat sends that never led changes nothing"
    case closedForGood = "a beat that has closed does not lead again"
    case toldOutside = "tells others who leads, and that nobody does"

    // Records
    case emptyPlace = "where no beat ever was, nothing is written down"
    case wholeRecords = "keeps records, every field of them"
    case othersStay = "writing a record leaves the others as they are"
    case recordsSurvive = "records survive the leader, and are read by the next and from outside"
    case nothingForgotten = "nothing that was handled is forgotten, whoever leads and however it ends"
    case latest = "tells the latest from outside while one leads"
    case manyRecords = "keeps thousands of records"
    case brokenRecord = "a record that cannot be read is refused with an error, and left as it is"
    case names = "beats of two names do not mix"

    // Sending
    case sends = "sends messages to the queues of their workers"
    case sendsOnce = "a message is sent once, though it is sent again under its id"

    // Orders
    case commands = "commands reach the leader in their order, and are gone when they are settled"
    case commandWakes = "a command wakes the leader"
    case commandsWait = "commands wait while nobody leads"
    case commandsComeAgain = "commands that were not settled come to the next leader"
    case brokenCommand = "a command that cannot be read is refused with an error"

    // Waiting
    case waitEnds = "a wait ends at its deadline, and when its task is cancelled"

    /// Without these powers a driver cannot keep it, and need not.
    var needs: Set<BeatPower> {
        switch self {
        case .silence, .steppedClock: [.leases]
        case .sendsOnce: [.uniqueIDs]
        case .brokenRecord, .brokenCommand: [.spoiling]
        default: []
        }
    }

    static func all(of fixture: any BeatFixture.Type) -> [BeatPromise] {
        allCases.filter { $0.needs.isSubset(of: fixture.beatPowers) }
    }

    /// Proves it on a fresh place.
    func check<Fixture: BeatFixture>(_ type: Fixture.Type) async throws {
        let proof = BeatProof(fixture: try Fixture())
        switch self {
        case .oneLeads: try await proof.oneLeads()
        case .staysLeader: try await proof.staysLeader()
        case .closing: try await proof.closing()
        case .death: try await proof.death()
        case .silence: try await proof.silence()
        case .steppedClock: try await proof.steppedClock()
        case .fencedOff: try await proof.fencedOff()
        case .neverLed: try await proof.neverLed()
        case .closedForGood: try await proof.closedForGood()
        case .toldOutside: try await proof.toldOutside()
        case .emptyPlace: try await proof.emptyPlace()
        case .wholeRecords: try await proof.wholeRecords()
        case .othersStay: try await proof.othersStay()
        case .recordsSurvive: try await proof.recordsSurvive()
        case .nothingForgotten: try await proof.nothingForgotten()
        case .latest: try await proof.latest()
        case .manyRecords: try await proof.manyRecords()
        case .brokenRecord: try await proof.brokenRecord()
        case .names: try await proof.names()
        case .sends: try await proof.sends()
        case .sendsOnce: try await proof.sendsOnce()
        case .commands: try await proof.commands()
        case .commandWakes: try await proof.commandWakes()
        case .commandsWait: try await proof.commandsWait()
        case .commandsComeAgain: try await proof.commandsComeAgain()
        case .brokenCommand: try await proof.brokenCommand()
        case .waitEnds: try await proof.waitEnds()
        }
    }
}

/// The proofs, on one fixture.
struct BeatProof<Fixture: BeatFixture> {
    let fixture: Fixture
}
