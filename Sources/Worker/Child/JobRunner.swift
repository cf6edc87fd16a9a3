import CeleryCore
import Processes
import Tasks
import Wire

/// Runs one job in a pool child: decodes its arguments, runs the program or the Swift task, and determines a retry
/// or the next workflow steps.
struct JobRunner: Sendable {
    let registry: TaskRegistry
    let environment: Environment
    let log: @Sendable (LogLine) -> Void
    /// Passes on progress and notes of the job with this tag.
    var tell: @Sendable (_ tag: Int64, JSONObject) -> Void = { _, _ in }
    /// Passes on what the job with this tag has written so far, as an encoded `TaskOutput`.
    var show: @Sendable (_ tag: Int64, [UInt8]) -> Void = { _, _ in }
    /// The control groups that limit the memory of programs, if available.
    var controlGroups: ControlGroupRoom?
    /// The clock for `retry_until`.
    var now: @Sendable () -> Timestamp = { .now }
    /// Random numbers from 0 to 1, for the jitter of retry delays.
    var random: @Sendable () -> Double = { .random(in: 0...1) }

    /// - Parameter stop: Lets another thread terminate the program; `nil` for a Swift task.
    func run(_ job: JobRequest, _ stop: ProgramStop? = nil) async -> JobReport {
        let started = ContinuousClock.now
        // The job may have waited long in the queue.
        if let expires = job.expires, expires < Timestamp.now.seconds {
            return JobReport(tag: job.tag, ending: .revoked(.revoked("expired"), signal: nil), duration: 0)
        }
        var message: Message?
        var arguments: TaskArguments?
        var ended: Ended
        do {
            let decoded = try job.message.message()
            message = decoded
            let body = try BodyCodec.decode(decoded.body)
            arguments = body
            if let program = job.program {
                ended = run(job, decoded, body, program, nil, stop)
            } else if let policy = job.command {
                let words = ProgramJob.words(ofCommand: body)
                let call = try CommandCall(decoded, body, words: words, policy, in: environment)
                ended = run(job, decoded, body, call.path, call, stop)
            } else {
                let task = SwiftJob(
                    job: job, message: decoded, arguments: body, registry: registry, log: log,
                    tell: { [tell] in tell(job.tag, $0) }, show: { [show] in show(job.tag, $0.encoded) })
                ended = await task.run()
            }
            ended = ended.decided(job.retry, now: now(), random: random)
        } catch let refusal as CommandRefusal {
            // Trying again would not make it safer.
            ended = Ended(.failure(refusal.failure, traceback: nil))
        } catch let missing as CommandMissing {
            ended = Ended(.failure(missing.failure, traceback: nil)).decided(job.retry, now: now(), random: random)
        } catch BodyError.invalidTask(let failure) {
            ended = Ended(.failure(failure, traceback: nil))
        } catch {
            ended = Ended(.failure(.invalidTask("\(error)"), traceback: nil))
        }
        return ended.report(of: job, message, arguments, seconds: (ContinuousClock.now - started).inSeconds)
    }

    private func run(
        _ job: JobRequest, _ message: Message, _ arguments: TaskArguments, _ program: String, _ command: CommandCall?, _ stop: ProgramStop?
    ) -> Ended {
        var program = ProgramJob(
            job: job, message: message, arguments: arguments, program: program, command: command, environment: environment, stop: stop,
            log: log, tell: { [tell] in tell(job.tag, $0) }, show: { [show] in show(job.tag, $0.encoded) })
        program.controlGroups = controlGroups
        return program.run()
    }

    /// How a job ended, before retries are decided.
    struct Ended {
        var ending: JobReport.Ending
        /// The retry delay that the task asked for, in seconds.
        var askedDelay: Double?
        var errorOutput: String?
        /// The end of a program's standard output, unless it succeeded.
        var standardOutput: String?
        /// What is kept of what the task wrote.
        var output = TaskOutput()
        /// What the task noted about itself.
        var meta = JSONObject()
        /// Whether the program could not be started.
        var isUnbegun = false

        init(_ ending: JobReport.Ending, errorOutput: String? = nil) {
            self.ending = ending
            self.errorOutput = errorOutput
        }
    }
}

extension JobRunner.Ended {
    /// Decides whether the job is retried, because the task asked for it or because of `autoretry`. Otherwise it has failed.
    ///
    /// - Parameter random: Returns a number from 0 to 1; called only for jitter.
    func decided(_ plan: RetryPlan, now: Timestamp, random: () -> Double) -> JobRunner.Ended {
        var decided = self
        switch ending {
        case .success, .revoked: break
        case .failure(let failure, let traceback):
            guard let delay = plan.delay(after: failure, now: now, random: random) else { break }
            decided.ending = .retry(delay: delay, failure, traceback: traceback)
        case .retry(_, let failure, let traceback):
            decided.ending = plan.delay(asked: askedDelay, now: now, random: random)
                .map { .retry(delay: $0, failure, traceback: traceback) } ?? .failure(failure, traceback: traceback)
        }
        return decided
    }

    /// The report to the worker, with the steps that follow.
    ///
    /// - Parameters:
    ///   - message: `nil` if it could not be decoded, as `arguments`.
    ///   - seconds: How long the job ran.
    func report(of job: JobRequest, _ message: Message?, _ arguments: TaskArguments?, seconds: Double) -> JobReport {
        var report = JobReport(tag: job.tag, ending: ending, duration: seconds, errorOutput: errorOutput)
        report.meta = meta
        report.isUnbegun = isUnbegun
        report.standardOutput = standardOutput
        if !output.isEmpty { report.output = output.encoded }
        guard let message, let arguments else { return report }
        switch ending {
        case .success(let value): report.next = WorkflowSteps(after: message, arguments, .success, value: value)
        case .failure: report.next = WorkflowSteps(after: message, arguments, .failure)
        case .retry, .revoked: break
        }
        return report
    }
}
