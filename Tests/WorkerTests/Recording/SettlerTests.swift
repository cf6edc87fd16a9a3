import CeleryCore
import Logging
import Synchronization
import Testing
import Wire
@testable import Worker

@Suite struct SettlerTests {
    private func message(_ task: String) -> Message { Message(task: task, body: BodyCodec.encode(TaskArguments())) }

    private func outcome(_ tag: Int64 = 1, _ results: [TaskResult] = [], _ followUps: [Message] = []) -> Outcome {
        Outcome(handle: DeliveryHandle(tag: tag, attempt: 1), results: results, followUps: followUps)
    }

    private func result(_ id: String, _ state: TaskState = .success) -> TaskResult { TaskResult(id: TaskID(id), state: state) }

    /// Settles, and returns the tags of what came too late.
    @discardableResult
    private func settle(_ outcomes: [Outcome], _ settler: any Settler) async throws -> [Int64] {
        var settlement = Settlement(outcomes)
        try await settler.settle(&settlement)
        #expect(settlement.isDone && settlement.open.isEmpty)
        return settlement.late.map(\.handle.tag)
    }

    @Test func `follow-ups first, then results, then the acknowledgement`() async throws {
        let recorder = Recorder()
        let settler = recorder.ordered
        #expect(try await settle([outcome(1, [result("a")], [message("next")]), outcome(2)], settler) == [])
        #expect(recorder.calls == ["publish next", "store a", "settle 1 2"])
        try await settle([outcome(3)], settler)
        #expect(recorder.calls.suffix(1) == ["settle 3"])
    }

    // MARK: Chords

    private func member(_ tag: Int64, _ id: String, _ failure: TaskFailure? = nil) -> Outcome {
        let body = Signature(task: "sum", options: ["task_id": "body"])
        var result = result(id, failure == nil ? .success : .failure)
        result.failure = failure
        var outcome = outcome(tag, [result])
        outcome.chordParts = [ChordPart(group: "g", index: 0, result: result, body: body, rootID: nil)]
        return outcome
    }

    @Test func `a member of a chord is counted before its result is stored, and whoever completes it sends the body`() async throws {
        let recorder = Recorder()
        recorder.completing = [TaskID("b")]
        #expect(member(1, "a").sendsMessages)
        try await settle([member(1, "a"), member(2, "b")], recorder.ordered)
        #expect(recorder.calls == ["count a as a:0", "count b as b:0", "extend g as b:0", "publish sum", "finish g as b:0", "store a b", "settle 1 2"])
        try await settle([member(3, "b")], AcknowledgedSettler(records: recorder.records))
        #expect(recorder.calls.suffix(5) == ["count b as b:0", "extend g as b:0", "publish sum", "finish g as b:0", "store b"])
    }

    @Test(arguments: ["count a as a:0", "extend g as a:0", "publish sum", "finish g as a:0"])
    func `a chord whose end is interrupted is completed later`(_ step: String) async throws {
        let recorder = Recorder(passing: [step])
        recorder.completing = [TaskID("a")]
        var settlement = Settlement([member(1, "a")])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        #expect(!recorder.calls.contains("store a"))
        try await settler.settle(&settlement)
        #expect(recorder.calls.suffix(6) == ["count a as a:0", "extend g as a:0", "publish sum", "finish g as a:0", "store a", "settle 1"])
        // The body is sent a second time only where it is not known that it was finished.
        #expect(recorder.calls.filter { $0 == "publish sum" }.count == (step.hasPrefix("finish") ? 2 : 1))
    }

    @Test func `who has lost the claim sends nothing`() async throws {
        let recorder = Recorder()
        recorder.completing = [TaskID("a")]
        recorder.hasLostClaims = true
        try await settle([member(1, "a")], recorder.ordered)
        #expect(recorder.calls == ["count a as a:0", "extend g as a:0", "store a", "settle 1"])
    }

    @Test func `a chord with a member that failed fails its body`() async throws {
        let recorder = Recorder()
        recorder.completing = [TaskID("a")]
        try await settle([member(1, "a", TaskFailure(type: "E"))], recorder.ordered)
        #expect(recorder.calls == ["count a as a:0", "fail g", "store a body", "settle 1"])
    }

    @Test func `without a store that counts, the task that waits for the members completes their chord`() async throws {
        let recorder = Recorder()
        let records = Records(broker: recorder, store: nil, refusals: recorder.refusals)
        try await settle([member(1, "a")], OrderedSettler(records: records, powers: ConsumerPowers(recorder, nil)))
        #expect(recorder.calls == ["settle 1"])
    }

    // MARK: Answers to waiting clients

    private func awaited(_ id: String, _ state: TaskState = .success, isIgnored: Bool = false) -> TaskResult {
        var result = result(id, state)
        result.replyTo = "client"
        result.isIgnored = isIgnored
        return result
    }

    @Test func `a result is stored, then sent to the client that waits for it, then its message is acknowledged`() async throws {
        let recorder = Recorder()
        let outcomes = [outcome(1, [awaited("a")]), outcome(2, [result("b")]), outcome(3, [awaited("c", .retry)])]
        #expect(outcomes.map(\.sendsMessages) == [true, false, true])
        try await settle(outcomes, recorder.ordered)
        #expect(recorder.calls == ["store a b c", "reply a c to client client", "settle 1 2 3"])
        try await settle([outcome(4, [awaited("d")])], AcknowledgedSettler(records: recorder.records))
        #expect(recorder.calls.suffix(2) == ["store d", "reply d to client"])
    }

    @Test func `no client gets an ignored result, or the start of a task`() async throws {
        let recorder = Recorder()
        let outcomes = [outcome(1, [awaited("a", .failure, isIgnored: true)]), outcome(2, [awaited("b", .started)])]
        try await settle(outcomes, recorder.ordered)
        #expect(recorder.calls == ["store a b", "settle 1 2"])
    }

    @Test func `a reply that fails for a while is sent later, and nothing is stored twice`() async throws {
        let recorder = Recorder(passing: ["reply a to client"])
        var settlement = Settlement([outcome(1, [awaited("a")])])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        #expect(recorder.calls == ["store a"])
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["store a", "reply a to client", "settle 1"])
    }

    @Test func `a reply that no queue can take holds up no other`() async throws {
        let recorder = Recorder()
        for call in ["reply a b to client client", "reply a to client"] { recorder.refuse(call, .refused) }
        try await settle([outcome(1, [awaited("a")]), outcome(2, [awaited("b")])], recorder.ordered)
        #expect(recorder.calls == ["store a b", "reply b to client", "settle 1 2"])
    }

    @Test func `of replies that were accepted in part only the rest waits`() async throws {
        let recorder = Recorder()
        recorder.refuse("reply a b to client client", .tryAgain, accepting: "reply b to client")
        recorder.unaccepted = [TaskID("a")]
        var settlement = Settlement([outcome(1, [awaited("a")]), outcome(2, [awaited("b")])])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        let areOthers = settlement.setAside(waitingFor: [TaskID("a")])
        #expect(areOthers)
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["store a b", "reply b to client", "settle 2"])
        _ = settlement.takeUp()
        try await settler.settle(&settlement)
        #expect(recorder.calls.suffix(2) == ["reply a to client", "settle 1"])
    }

    @Test func `a value that the store refuses is not sent either, but the failure in its place`() async throws {
        let recorder = Recorder()
        for call in ["store a b", "store a"] { recorder.refuse(call, .refused) }
        try await settle([outcome(1, [awaited("a")]), outcome(2, [result("b")])], recorder.ordered)
        #expect(recorder.calls == ["store a", "store b", "reply a as FAILURE to client", "settle 1 2"])
    }

    @Test func `follow-ups that were published before hold up nothing`() async throws {
        let recorder = Recorder(["known": .alreadyThere])
        try await settle([outcome(1, [], ["new", "known", "other"].map(message))], recorder.ordered)
        #expect(recorder.calls == ["publish new", "publish other", "settle 1"])
    }

    @Test func `what is done is not done again when a later step fails for a while`() async throws {
        let recorder = Recorder(passing: ["store b"])
        var settlement = Settlement([outcome(1, [result("a")], [message("next")]), outcome(2, [result("b")])])
        // Refused as a batch, so that they go one by one.
        recorder.refuse("store a b", .refused)
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        #expect(settlement.open.map(\.handle.tag) == [1, 2])
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["publish next", "store a", "store b", "settle 1 2"])
    }

    @Test func `of a batch that was accepted in part only the rest is sent again`() async throws {
        let recorder = Recorder(["bad": .refused])
        let messages = ["good", "bad", "also good"].map(message)
        recorder.unaccepted = [messages[1].id]
        try await settle([outcome(1, [], [messages[0]]), outcome(2, [], [messages[1]]), outcome(3, [], [messages[2]])], recorder.ordered)
        #expect(recorder.calls == ["publish good also good", "store \(messages[1].id)", "settle 1 2 3"])
    }

    @Test func `a passing error of a batch that was accepted in part leaves the rest`() async throws {
        let recorder = Recorder()
        let messages = ["first", "second"].map(message)
        recorder.refuse("publish first second", .tryAgain, accepting: "publish first")
        recorder.unaccepted = [messages[1].id]
        var settlement = Settlement([outcome(1, [], messages)])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["publish first", "publish second", "settle 1"])
    }

    @Test func `those that wait for what is not accepted let the others pass`() async throws {
        let recorder = Recorder()
        let messages = ["stuck", "fine"].map(message)
        recorder.refuse("publish stuck fine", .tryAgain, accepting: "publish fine")
        recorder.unaccepted = [messages[0].id]
        var settlement = Settlement([
            outcome(1, [result("a")], [messages[0]]), outcome(2, [result("b")], [messages[1]]), outcome(3, [result("c")]),
        ])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        let areOthers = settlement.setAside(waitingFor: [messages[0].id])
        #expect(areOthers)
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["publish fine", "store b c", "settle 2 3"])
        #expect(settlement.unsettled.map(\.handle.tag) == [1])
        #expect(settlement.uncounted == [DeliveryHandle(tag: 1, attempt: 1)])
        let wereStuck = settlement.takeUp()
        #expect(wereStuck)
        try await settler.settle(&settlement)
        #expect(recorder.calls.suffix(3) == ["publish stuck", "store a", "settle 1"])
        let isLeft = settlement.takeUp()
        #expect(settlement.unsettled.isEmpty && !isLeft)
    }

    @Test func `nothing is set aside that all wait for, or none`() {
        let messages = ["one", "two"].map(message)
        var settlement = Settlement([outcome(1, [], [messages[0]]), outcome(2, [], [messages[1]])])
        for waitedFor in [Set(messages.map(\.id)), [TaskID()]] {
            let areOthers = settlement.setAside(waitingFor: waitedFor)
            #expect(!areOthers)
        }
        #expect(settlement.rest.count == 2)
    }

    @Test func `next tries that were accepted are not sent again with those that were not`() async throws {
        let recorder = Recorder()
        let messages = ["accepted", "stuck"].map(message)
        recorder.refuse("settle 1 2", .tryAgain)
        recorder.unaccepted = [messages[1].id]
        var settlement = Settlement(messages.enumerated().map { index, message in
            Outcome(handle: DeliveryHandle(tag: Int64(index + 1), attempt: 1), results: [], disposition: .retry(message))
        })
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        #expect(settlement.rest.map(\.isRetry) == [false, true])
    }

    private func death(_ tag: Int64, _ task: String) -> Outcome {
        let burial = Burial(.lost, error: "", date: Timestamp(seconds: 1), worker: "w", attempts: 1, crashes: 1)
        return Outcome(
            handle: DeliveryHandle(tag: tag, attempt: 1), results: [result(task, .failure)], disposition: .bury(message(task), burial))
    }

    @Test func `a dead letter is written before the result, by which a message that comes again is done`() async throws {
        let recorder = Recorder(passing: ["bury a"])
        var settlement = Settlement([death(1, "a"), outcome(2, [result("b")])])
        let settler = recorder.ordered
        await #expect(throws: DriverError.self) { try await settler.settle(&settlement) }
        #expect(recorder.calls == [])
        try await settler.settle(&settlement)
        #expect(recorder.calls == ["bury a", "store a b", "settle 1 2"])
    }

    @Test func `a dead letter that is refused holds up no other`() async throws {
        let recorder = Recorder()
        for call in ["bury a b", "bury a"] { recorder.refuse(call, .refused) }
        try await settle([death(1, "a"), death(2, "b")], recorder.ordered)
        #expect(recorder.calls == ["bury b", "store a b", "settle 1 2"])
    }

    @Test func `an error of the whole broker fails nothing`() async throws {
        let recorder = Recorder(["next": .noPermission])
        var settlement = Settlement([outcome(1, [result("a")], [message("next")])])
        let settler = recorder.ordered
        await #expect(throws: DriverError(.noPermission, "not next")) { try await settler.settle(&settlement) }
        #expect(recorder.calls == [])
        #expect(settlement.rest.map(\.followUps.count) == [1])
    }

    @Test func `a delivery that was acknowledged is published again for its next try`() async throws {
        let recorder = Recorder()
        let again = message("again")
        let outcome = Outcome(
            handle: DeliveryHandle(tag: 1, attempt: 1), results: [result("a", .retry)], disposition: .retry(again))
        try await settle([outcome], AcknowledgedSettler(records: recorder.records))
        #expect(recorder.calls == ["publish again", "store a"])
    }

    @Test func `what one transaction cannot take is taken out, and the others are settled`() async throws {
        let recorder = Recorder()
        for call in ["settle 1 2 3 storing a b c", "settle 2 storing b"] { recorder.refuse(call, .refused) }
        let outcomes = [outcome(1, [result("a")]), outcome(2, [result("b")]), outcome(3, [result("c")])]
        let settler = AtomicSettler(consumer: recorder, refusals: recorder.refusals)
        // It is the value of b that is too large, not that it failed.
        try await settle(outcomes, settler)
        #expect(recorder.calls == ["settle 1 storing a", "settle 2 storing b as FAILURE", "settle 3 storing c"])
    }
}

/// A broker, consumer and store that only write down what is asked of them.
private final class Recorder: Broker, AtomicSettling, DeadLetterSending, ResultStore, ReplySending, ChordCounting {
    let location = "recorder"
    private struct State {
        var calls: [String] = []
        var refused: [String: DriverError.Code]
        /// Calls refused, and what is done of them all the same.
        var refusedCalls: [String: (DriverError.Code, accepted: String?)] = [:]
        var passing: [String]
        var unaccepted: Set<TaskID>?
        var completing: Set<TaskID> = []
        var hasLostClaims = false
        var counted: [TaskResult] = []
    }
    private let state: Mutex<State>

    /// - Parameters:
    ///   - refused: Tasks whose messages are refused.
    ///   - passing: Calls that fail once.
    init(_ refused: [String: DriverError.Code] = [:], passing: [String] = []) {
        state = Mutex(State(refused: refused, passing: passing))
    }

    var calls: [String] { state.withLock { $0.calls } }
    var unaccepted: Set<TaskID>? {
        get { state.withLock { $0.unaccepted } }
        set { state.withLock { $0.unaccepted = newValue } }
    }
    /// Members that complete their chord.
    var completing: Set<TaskID> {
        get { state.withLock { $0.completing } }
        set { state.withLock { $0.completing = newValue } }
    }
    /// Whether another has the claim to every chord.
    var hasLostClaims: Bool {
        get { state.withLock { $0.hasLostClaims } }
        set { state.withLock { $0.hasLostClaims = newValue } }
    }
    var refusals: Refusals {
        Refusals(log: TaskLog(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }), worker: "w") { Timestamp(seconds: 1) }
    }
    var records: Records { Records(broker: self, store: self, replying: self, refusals: refusals) }
    var ordered: OrderedSettler { OrderedSettler(records: records, powers: ConsumerPowers(self, nil)) }

    /// Refuses a call, once when it is a passing error.
    func refuse(_ call: String, _ code: DriverError.Code, accepting accepted: String? = nil) {
        state.withLock { $0.refusedCalls[call] = (code, accepted) }
    }

    private func note(_ call: String) throws {
        try state.withLock { state in
            if let index = state.passing.firstIndex(of: call) {
                state.passing.remove(at: index)
                throw DriverError(.tryAgain, "not now")
            }
            if let (code, accepted) = state.refusedCalls.removeValue(forKey: call) {
                if let accepted { state.calls.append(accepted) }
                var error = DriverError(code, "not that")
                error.unconfirmed = state.unaccepted ?? []
                throw error
            }
            state.calls.append(call)
        }
    }

    func publish(_ messages: [Message]) async throws {
        let (refused, unaccepted) = state.withLock { ($0.refused, $0.unaccepted) }
        let code = messages.lazy.compactMap { refused[$0.task] }.first
        guard let code else { return try note("publish \(messages.map(\.task).joined(separator: " "))") }
        var error = DriverError(code, "not \(messages.map(\.task).joined(separator: " "))")
        error.unconfirmed = unaccepted ?? []
        if let unaccepted, messages.count > 1 { try await publish(messages.filter { !unaccepted.contains($0.id) }) }
        throw error
    }

    func settle(_ outcomes: [Outcome]) async throws -> [Bool] {
        #expect(outcomes.allSatisfy { $0.followUps.isEmpty && $0.results.isEmpty })
        try note("settle \(outcomes.map { "\($0.handle.tag)" }.joined(separator: " "))")
        return outcomes.map { _ in true }
    }

    func sendDeadLetters(of outcomes: [Outcome]) async throws {
        let tasks = outcomes.compactMap { if case .bury(let message, _) = $0.disposition { message.task } else { nil } }
        try note("bury \(tasks.joined(separator: " "))")
    }

    func settleAtomically(_ outcomes: [Outcome]) async throws -> [Bool] {
        let results = outcomes.flatMap(\.results)
        let texts = results.map { $0.state == .failure ? "\($0.id) as FAILURE" : $0.id.text }
        try note("settle \(outcomes.map { "\($0.handle.tag)" }.joined(separator: " ")) storing \(texts.joined(separator: " "))")
        return outcomes.map { _ in true }
    }

    func reply(_ results: [TaskResult]) async throws {
        let texts = results.map { $0.state == .failure ? "\($0.id) as FAILURE" : $0.id.text }
        try note("reply \(texts.joined(separator: " ")) to \(results.compactMap(\.replyTo).joined(separator: " "))")
    }

    func count(_ part: ChordPart, as claim: String) async throws -> Bool {
        try note("count \(part.result.id) as \(claim)")
        return state.withLock { state in
            state.counted = [part.result]
            return state.completing.contains(part.result.id)
        }
    }

    func chord(_ group: String) async throws -> ChordResults { ChordResults(results: state.withLock { $0.counted }, header: nil) }

    func extendClaim(to group: String, as claim: String) async throws -> Bool {
        try note("extend \(group) as \(claim)")
        return !hasLostClaims
    }

    func finishChord(_ group: String, as claim: String) async throws { try note("finish \(group) as \(claim)") }
    func failChord(_ group: String) async throws { try note("fail \(group)") }

    func settlesInto(_ store: any ResultStore) -> Bool { true }
    func store(_ results: [TaskResult]) async throws { try note("store \(results.map(\.id.text).joined(separator: " "))") }
    func consumer(of queues: [String], as worker: WorkerIdentity) async throws -> any BrokerConsumer { self }
    func take(_ maximum: Int) async throws -> [Delivery] { [] }
    func waitForWork(until deadline: ContinuousClock.Instant?) async throws {}
    func giveBack(_ handles: [DeliveryHandle], started: Bool) async throws {}
    func results(for ids: [TaskID]) async throws -> [TaskID: TaskResult] { [:] }
    func forget(_ ids: [TaskID]) async throws -> Int { 0 }
    func close() async {}
}

extension Outcome {
    fileprivate var isRetry: Bool { if case .retry = disposition { true } else { false } }
}
