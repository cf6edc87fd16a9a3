import CeleryCore
import Processes
import Tasks
import Wire

/// Runs one job in a pool child: decodes its arguments, runs the program or the Swift
/// task, and works out what follows.
struct JobRunner: Sendable {
    let registry: TaskRegistry
    let environment: Environment
    let log: @Sendable (LogLine) -> Void

    /// - Parameter stop: What ends it from outside, if it is a program.
    func run(_ job: JobRequest, _ stop: ProgramStop? = nil) async -> JobReport {
        let started = ContinuousClock.now
        // It may have waited in line for long.
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
                ended = ProgramJob(job: job, message: decoded, arguments: body, program: program, environment: environment, stop: stop, log: log).run()
            } else {
                ended = await SwiftJob(job: job, message: decoded, arguments: body, registry: registry, log: log).run()
            }
        } catch BodyError.invalidTask(let failure) {
            ended = Ended(.failure(failure, traceback: nil))
        } catch {
            ended = Ended(.failure(.invalidTask("\(error)"), traceback: nil))
        }
        if case .retry(_, let failure, let traceback) = ended.ending, !job.mayRetry {
            ended.ending = .failure(failure, traceback: traceback)
        }
        var report = JobReport(
            tag: job.tag, ending: ended.ending, duration: (ContinuousClock.now - started).inSeconds,
            errorOutput: ended.errorOutput)
        if let message, let arguments {
            switch ended.ending {
            case .success(let value): report.next = WorkflowSteps(after: message, arguments, .success, value: value)
            case .failure: report.next = WorkflowSteps(after: message, arguments, .failure)
            case .retry, .revoked: break
            }
        }
        return report
    }

    /// How a job ended, before what follows is known.
    struct Ended {
        var ending: JobReport.Ending
        var errorOutput: String?

        init(_ ending: JobReport.Ending, errorOutput: String? = nil) {
            self.ending = ending
            self.errorOutput = errorOutput
        }
    }
}
