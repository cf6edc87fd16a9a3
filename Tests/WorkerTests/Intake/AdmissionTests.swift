import CeleryCore
import Tasks
import Testing
import Wire
@testable import Worker

@Suite struct AdmissionTests {
    private let now = Timestamp(seconds: 1_000)

    private func admission(
        _ options: TaskOptions = TaskOptions(), program: String? = nil, _ configure: (inout WorkerConfiguration) -> Void = { _ in }
    ) throws -> Admission {
        var registry = TaskRegistry()
        let kind: TaskDefinition.Kind = program.map { .program(path: $0) } ?? .swift(SwiftTaskRunner(Idle.self))
        try registry.register(TaskDefinition(name: "known", options: options, kind: kind, source: ""))
        var configuration = WorkerConfiguration(
            identity: WorkerIdentity(id: "1", name: "celery@here", pid: 1, process: ""), queues: [],
            pool: PoolConfiguration(size: 1, executable: "", arguments: [], folder: ""))
        configure(&configuration)
        return Admission(configuration: configuration, registry: registry)
    }

    private func delivery(_ task: String = "known", attempt: Int = 1, _ change: (inout Message) -> Void = { _ in }) -> Delivery {
        var message = Message(task: task, body: BodyCodec.encode(TaskArguments(args: [1])))
        change(&message)
        return Delivery(handle: DeliveryHandle(tag: 7, attempt: attempt), message: message)
    }

    private func request(_ admission: Admission, _ delivery: Delivery) throws -> JobRequest {
        guard case .run(let request, let definition) = admission.decide(delivery, now: now) else {
            throw RefusedUnexpectedly()
        }
        #expect(definition.name == "known")
        return request
    }

    private func refusal(_ admission: Admission, _ delivery: Delivery) -> (TaskResult, String)? {
        guard case .settle(let outcome, let reason) = admission.decide(delivery, now: now) else { return nil }
        #expect(outcome.handle == delivery.handle)
        return outcome.results.first.map { ($0, reason) }
    }

    /// How a delivery comes to the dead letters; `nil` when it does not.
    private func burial(_ admission: Admission, _ delivery: Delivery) -> Burial? {
        guard case .settle(let outcome, _) = admission.decide(delivery, now: now) else { return nil }
        guard case .bury(let message, let burial) = outcome.disposition else { return nil }
        #expect(message == delivery.message)
        return burial
    }

    private struct RefusedUnexpectedly: Error {}

    @Test func `hands on the message as it came`() throws {
        let delivery = delivery(attempt: 3)
        let request = try request(try admission(), delivery)
        #expect(try request.message.message().id == delivery.message.id)
        #expect(try BodyCodec.decode(request.message.message().body).args == [1])
        #expect(request.attempt == 3)
        #expect((request.taskName, request.taskID) == ("known", delivery.message.id.text))
        #expect(request.program == nil)
        #expect(try self.request(admission(program: "/x/y"), delivery).program == "/x/y")
    }

    @Test func `limits come from the message, else the task, else the worker`() throws {
        func limits(_ options: TaskOptions, _ change: (inout Message) -> Void = { _ in }) throws -> [Double?] {
            let request = try request(
                admission(options) {
                    $0.softTimeLimit = 30
                    $0.hardTimeLimit = 60
                }, delivery("known", attempt: 1, change))
            return [request.softTimeLimit, request.hardTimeLimit]
        }
        #expect(try limits(TaskOptions()) == [30, 60])
        #expect(try limits(TaskOptions(timeLimit: .seconds(5), softTimeLimit: .milliseconds(1_500))) == [1.5, 5])
        #expect(
            try limits(TaskOptions(timeLimit: .seconds(5))) {
                $0.hardTimeLimit = 9
                $0.softTimeLimit = 8
            } == [8, 9])
        let unlimited = try request(admission(), delivery())
        #expect(unlimited.softTimeLimit == nil && unlimited.hardTimeLimit == nil)
    }

    @Test func `output is bounded by the task, else the worker`() throws {
        #expect(try request(admission(), delivery()).maxOutputBytes == 16 << 20)
        #expect(try request(admission { $0.maxOutputBytes = 5 }, delivery()).maxOutputBytes == 5)
        #expect(try request(admission(TaskOptions(maxOutputBytes: 9)), delivery()).maxOutputBytes == 9)
    }

    @Test func `refuses what expired, but not at the very moment`() throws {
        let admission = try admission()
        let (result, reason) = try #require(refusal(admission, delivery { $0.expires = Timestamp(seconds: 999.5) }))
        #expect(result.state == .revoked)
        #expect(result.failure == .revoked("expired"))
        #expect(result.dateDone == now)
        #expect(result.worker == "celery@here")
        #expect(reason == "expired at 1970-01-01T00:16:39.500000+00:00")
        #expect(refusal(admission, delivery { $0.expires = now }) == nil)
        // Said before whether the name is known.
        #expect(refusal(admission, delivery("unknown") { $0.expires = Timestamp(seconds: 1) })?.0.state == .revoked)
    }

    @Test func `refuses names that are not exactly known`() throws {
        for name in ["unknown", "Known", "known ", "", "../known"] {
            let (result, reason) = try #require(refusal(try admission(), delivery(name)))
            #expect(result.failure == .notRegistered(name))
            #expect(reason == "no task of this name is registered here")
        }
    }

    @Test func `what names an unknown task is kept, and what expired is not`() throws {
        let burial = try #require(burial(try admission(), delivery("unknown", attempt: 2)))
        #expect(burial == Burial(.unregistered, error: "NotRegistered: unknown", date: now, worker: "celery@here", attempts: 2))
        #expect(self.burial(try admission(), delivery { $0.expires = Timestamp(seconds: 1) }) == nil)
    }

    @Test func `what cannot be read fails if it has an id, and is kept`() throws {
        var unreadable = delivery("unknown") { $0.expires = Timestamp(seconds: 1) }
        unreadable.defect = Delivery.Defect("it is upside down", hasID: true)
        let (result, _) = try #require(refusal(try admission(), unreadable))
        #expect(result.id == unreadable.message.id)
        #expect(result.failure == .invalidTask("it is upside down"))
        #expect(burial(try admission(), unreadable)?.reason == .unreadable)
        unreadable.defect = Delivery.Defect("it is upside down", hasID: false)
        #expect(refusal(try admission(), unreadable) == nil)
        #expect(burial(try admission(), unreadable)?.error == "InvalidTaskError: it is upside down")
    }

    @Test func `gives a task up that killed its process so often, or may have done so five times as often`() throws {
        let admission = try admission(TaskOptions(crashLimit: 2))
        func lost(_ crashes: Int, _ doubts: Int, attempt: Int = 30) -> Delivery {
            var delivery = delivery(attempt: attempt)
            (delivery.crashes, delivery.doubts) = (crashes, doubts)
            return delivery
        }
        // The number of the attempt says nothing of it.
        for spared in [lost(0, 0), lost(1, 0), lost(0, 9), lost(1, 8)] { #expect(refusal(admission, spared) == nil) }
        for (given, count) in [(lost(2, 0), 2), (lost(0, 10), 10), (lost(1, 9), 10)] {
            let (result, reason) = try #require(refusal(admission, given))
            #expect(result.failure == .workerLost("the process running it was lost \(count) times"))
            #expect(reason == "the process running it was lost \(count) times")
            #expect(result.attempt == 30)
        }
        #expect(burial(admission, lost(2, 3))?.reason == .lost)
        #expect(burial(admission, lost(2, 3))?.crashes == 2)
        #expect(refusal(try self.admission(), lost(2, 12)) == nil)
        #expect(refusal(try self.admission(), lost(3, 0)) != nil)
    }

    private struct Idle: CeleryTask {
        func run(_ context: TaskContext) async throws -> NoOutput { NoOutput() }
    }
}
