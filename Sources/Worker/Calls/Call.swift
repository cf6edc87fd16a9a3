import CeleryCore
import Glibc
import HTTP
import Tasks
import Wire

/// One execution of an HTTP task.
///
///     asking ──▶ ended
///       │ ▲         ▲
///       ▼ │         │ at a limit, terminated
///     resting ──────┘
///
/// A call that the server accepted rests between the requests that ask for its result.
final class Call {
    let job: JobRequest
    let task: HTTPTask
    let message: Message
    let facts: HTTPCall
    let started = ContinuousClock.now
    /// The request under way, or the last one.
    private(set) var step: HTTPStep
    /// When to ask for the result again; `nil` while a request is under way.
    private(set) var nextPoll: ContinuousClock.Instant?
    private let softEnd: ContinuousClock.Instant?
    private let hardEnd: ContinuousClock.Instant?
    /// The first time at which the call ends anyway.
    private let firstEnd: ContinuousClock.Instant
    private var isAccepted = false
    /// Requests for the result in a row that failed.
    private var failedPolls = 0
    /// Seconds until the next request for the result, if the server does not say.
    private var pause = 1.0

    /// The time between two requests for a result, in seconds, whatever the server says.
    private static let pauses = 0.2...300.0
    /// The longest time between them if the server says nothing.
    private static let longestPause = 30.0
    /// A server in trouble need not lose the work that it has accepted.
    private static let mostFailedPolls = 5
    /// How long to wait for a result without a time limit.
    private static let patience: Duration = .seconds(86_400)

    /// - Throws: errors of the message's body; `HTTPRefusal`.
    init(_ job: JobRequest, _ task: HTTPTask, agent: String, now: Timestamp) throws {
        self.job = job
        self.task = task
        message = if let decoded = job.decoded { decoded } else { try job.message.message() }
        let arguments = try BodyCodec.decode(message.body)
        var facts = HTTPCall(
            taskID: message.id, task: message.task, rootID: message.rootID ?? message.id, attempt: job.attempt, arguments: arguments,
            body: ProgramRequest(job: job, message: message, arguments: arguments).outward,
            bodyLimit: job.maxOutputBytes)
        facts.agent = agent
        facts.trace = TraceContext(message)
        let limit = [job.softTimeLimit, job.hardTimeLimit].compactMap { $0 }.min()
        facts.deadline = limit.map { now + .seconds($0) }
        let started = started
        softEnd = job.softTimeLimit.map { started + .seconds($0) }
        hardEnd = job.hardTimeLimit.map { started + .seconds($0) }
        firstEnd = started + .seconds(min(limit ?? .infinity, Double(Self.patience.components.seconds)))
        self.facts = facts
        step = try task.request(facts, now: now)
    }

    /// What follows an answer.
    enum Next {
        case ended(JobRunner.Ended)
        /// Nothing until `nextPoll`.
        case rest
    }

    /// Follows the answer to the request under way, or that there is none.
    func follow(_ answer: Result<HTTPAnswer, HTTPError>, now: Timestamp) -> Next {
        let verdict =
            switch answer {
            case .success(let answer): task.verdict(answer, to: step, now: now)
            case .failure(let error): task.verdict(error, to: step)
            }
        switch verdict {
        case .success(let value): return .ended(JobRunner.Ended(.success(value)))
        case .failure(let failure): return .ended(JobRunner.Ended(.failure(failure, traceback: nil)))
        case .pending(let address, let delay):
            isAccepted = true
            failedPolls = 0
            rest(delay, address, now)
            return .rest
        case .retry(_, let delay) where isAccepted && failedPolls < Self.mostFailedPolls:
            failedPolls += 1
            rest(delay, step.address, now)
            return .rest
        case .retry(let failure, let delay):
            var ended = JobRunner.Ended(.retry(delay: 0, failure, traceback: nil))
            ended.askedDelay = delay
            return .ended(ended)
        }
    }

    private func rest(_ delay: Double?, _ address: HTTPAddress, _ now: Timestamp) {
        let seconds = min(max(delay ?? pause, Self.pauses.lowerBound), Self.pauses.upperBound)
        if delay == nil { pause = min(pause * 1.5, Self.longestPause) }
        nextPoll = .now + .seconds(seconds)
        step = task.poll(address, facts, now: now)
    }

    /// Notes that the request of `step` is under way.
    ///
    /// - Returns: The request.
    func ask(now: Timestamp) -> HTTPRequest {
        // Signed anew, since it has rested.
        if isAccepted { step = task.poll(step.address, facts, now: now) }
        nextPoll = nil
        return step.request
    }

    // MARK: Limits

    /// When something has to be done without an answer.
    var deadline: ContinuousClock.Instant { nextPoll.map { min($0, firstEnd) } ?? firstEnd }

    /// How the call ends at this time; `nil` if it goes on.
    func end(at now: ContinuousClock.Instant) -> LimitEnd? {
        if let hardEnd, hardEnd <= now { return .hard(job.hardTimeLimit ?? 0) }
        if let softEnd, softEnd <= now { return .failure(.softTimeLimitExceeded(job.softTimeLimit ?? 0)) }
        guard started + Self.patience <= now else { return nil }
        return .failure(TaskFailure(type: "TimeoutError", arguments: [.string("\(step.address.shown) has no result after a day")], module: "builtins"))
    }

    /// How a call ends that took too long.
    enum LimitEnd {
        case hard(Double)
        case failure(TaskFailure)
    }

    /// The report of a call that has ended.
    func report(_ ended: JobRunner.Ended, now: Timestamp) -> JobReport {
        ended.decided(job.retry, now: now) { .random(in: 0...1) }
            .report(of: job, message, facts.arguments, seconds: (ContinuousClock.now - started).inSeconds)
    }
}
