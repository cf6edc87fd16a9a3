import CeleryCore
import DequeModule
import Glibc
import HTTP
import Processes
import Tasks
import Wire

/// The loop of the thread that makes the calls of HTTP tasks: many at once, since they only wait.
///
/// Takes the commands and reports the events of `PoolLoop`, so that the worker need not know which jobs have a child.
final class CallLoop {
    private let configuration: CallConfiguration
    private let inbox: PoolInbox
    private let mailbox: Mailbox<PoolEvent>
    /// `nil` without libcurl: then each call fails.
    private let transfers: HTTPTransfers?
    /// Why there are no transfers.
    private let missing: HTTPError

    /// Jobs beyond the limit.
    private var waiting: Deque<JobRequest> = []
    private var running: [Int64: Call] = [:]
    /// No later than the earliest deadline of the running calls; kept because asking thousands of them each round is slow.
    private var attention: ContinuousClock.Instant?
    /// Events to report at the end of this round.
    private var events: [PoolEvent] = []
    private var isFinishing = false
    /// No more jobs are started.
    private var isDraining = false

    init(configuration: CallConfiguration, inbox: PoolInbox, events mailbox: Mailbox<PoolEvent>) {
        self.configuration = configuration
        self.inbox = inbox
        self.mailbox = mailbox
        do throws(HTTPError) {
            transfers = try HTTPTransfers(most: configuration.limit, byteLimit: configuration.byteLimit)
            missing = HTTPError(.noLibrary, "")
        } catch {
            (transfers, missing) = (nil, error)
        }
    }

    /// Makes calls until all have ended after `finish` or `kill`.
    func run() {
        while !(isFinishing && running.isEmpty) {
            wait()
            for command in inbox.take() { execute(command) }
            for (number, answer) in transfers?.run() ?? [] { follow(answer, number) }
            attend()
            while running.count < configuration.limit, let job = waiting.popFirst() { begin(job) }
            mailbox.put(events)
            events = []
        }
    }

    private func wait() {
        let timeout = attention.map { max(.zero, $0 - .now) }
        if let transfers { return transfers.wait(upTo: timeout, orUntilReadable: inbox.waker.descriptor.number) }
        var waited = pollfd(fd: inbox.waker.descriptor.number, events: Int16(POLLIN), revents: 0)
        poll(&waited, 1, -1)
    }

    private func execute(_ command: PoolCommand) {
        switch command {
        case .submit(let jobs):
            waiting.append(contentsOf: jobs)
            if isDraining || isFinishing { returnWaiting() }
        case .recall(let tags): recall(tags)
        case .terminate(let tag, let signal): terminate(tag, signal: signal)
        case .drain:
            isDraining = true
            returnWaiting()
        case .finish: isFinishing = true
        case .kill:
            (isDraining, isFinishing) = (true, true)
            returnWaiting()
            for tag in running.keys.sorted() {
                transfers?.cancel(tag)
                events.append(.lost(tag: tag, reason: "the worker stopped during the call", cause: .lost))
            }
            running = [:]
        // Of the children.
        case .grow, .replaceAll: break
        }
    }

    private func returnWaiting() {
        guard !waiting.isEmpty else { return }
        events.append(.returned(waiting.map(\.tag)))
        waiting = []
    }

    private func recall(_ tags: Set<Int64>) {
        let recalled = waiting.filter { tags.contains($0.tag) }.map(\.tag)
        guard !recalled.isEmpty else { return }
        waiting.removeAll { tags.contains($0.tag) }
        events.append(.recalled(recalled))
    }

    /// Ends a call that is under way, whatever its server makes of that; else recalls the job.
    private func terminate(_ tag: Int64, signal: Int32) {
        guard let call = running[tag] else { return recall([tag]) }
        end(call, JobRunner.Ended(.revoked(.revoked("terminated"), signal: signal)))
    }

    // MARK: Calls

    private func begin(_ job: JobRequest) {
        // The job may have waited long.
        if let expires = job.expires, expires < Timestamp.now.seconds {
            events.append(.report(JobReport(tag: job.tag, ending: .revoked(.revoked("expired"), signal: nil), duration: 0)))
            return
        }
        guard let task = job.http else { return }
        events.append(.began(tag: job.tag, pid: getpid()))
        do {
            let call = try Call(job, task, agent: configuration.agent, now: .now)
            running[job.tag] = call
            heed(call)
            ask(call)
        } catch let refusal as HTTPRefusal {
            refuse(job, refusal.failure)
        } catch BodyError.invalidTask(let failure) {
            refuse(job, failure)
        } catch {
            refuse(job, .invalidTask("\(error)"))
        }
    }

    /// Ends a job of which no request was made. Trying again would make no other.
    private func refuse(_ job: JobRequest, _ failure: TaskFailure) {
        let message = try? job.message.message()
        let arguments = message.flatMap { try? BodyCodec.decode($0.body) }
        events.append(.report(JobRunner.Ended(.failure(failure, traceback: nil)).report(of: job, message, arguments, seconds: 0)))
    }

    private func ask(_ call: Call) {
        let request = call.ask(now: .now)
        do throws(HTTPError) {
            guard let transfers else { throw missing }
            try transfers.begin(request, number: call.job.tag)
        } catch {
            follow(.failure(error), call.job.tag)
        }
    }

    private func follow(_ answer: Result<HTTPAnswer, HTTPError>, _ tag: Int64) {
        guard let call = running[tag] else { return }
        switch call.follow(answer, now: .now) {
        case .ended(let ended): end(call, ended)
        case .rest: heed(call)
        }
    }

    /// Notes when the call needs attention.
    private func heed(_ call: Call) { attention = attention.map { min($0, call.deadline) } ?? call.deadline }

    private func end(_ call: Call, _ ended: JobRunner.Ended) {
        remove(call)
        events.append(.report(call.report(ended, now: .now)))
    }

    private func remove(_ call: Call) {
        transfers?.cancel(call.job.tag)
        running[call.job.tag] = nil
    }

    /// Ends calls at their limits, and asks for results that may be there.
    private func attend() {
        let now = ContinuousClock.now
        guard let attention, attention <= now else { return }
        for call in running.values where call.deadline <= now {
            switch call.end(at: now) {
            case .hard(let seconds):
                remove(call)
                events.append(.timedOut(tag: call.job.tag, seconds: seconds))
            case .failure(let failure): end(call, JobRunner.Ended(.failure(failure, traceback: nil)))
            case nil: ask(call)
            }
        }
        self.attention = running.values.map(\.deadline).min()
    }
}
