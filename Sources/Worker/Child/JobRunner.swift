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

    func run(_ job: JobRequest) async -> JobReport {
        let started = ContinuousClock.now
        var message: Message?
        var arguments: TaskArguments?
        var ended: Ended
        do {
            let decoded = try job.message.message()
            message = decoded
            let body = try BodyCodec.decode(decoded.body)
            arguments = body
            if let program = job.program {
                ended = ProgramJob(job: job, message: decoded, arguments: body, program: program, environment: environment, log: log).run()
            } else {
                ended = await SwiftJob(job: job, message: decoded, arguments: body, registry: registry, log: log).run()
            }
        } catch BodyError.invalidTask(let failure) {
            ended = Ended(.failure(failure, traceback: nil))
        } catch {
            ended = Ended(.failure(.invalidTask("\(error)"), traceback: nil))
        }
        var report = JobReport(
            tag: job.tag, ending: ended.ending, duration: (ContinuousClock.now - started).inSeconds,
            errorOutput: ended.errorOutput)
        if let message, let arguments, !arguments.embed.isEmpty { follow(message, arguments, &report) }
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

    /// Callbacks, errbacks and the rest of a chain (wire format, section 6).
    private func follow(_ message: Message, _ arguments: TaskArguments, _ report: inout JobReport) {
        let next: Canvas.FollowUps
        switch report.ending {
        case .success(let value): next = Canvas.afterSuccess(of: message, arguments: arguments, value: value)
        case .failure: next = Canvas.afterFailure(of: message, arguments: arguments)
        case .retry: return
        }
        report.followUps = next.messages.map(EncodedMessage.init)
        report.failedWithIt = next.failedWithIt.map(\.text)
        for reason in next.unsupported {
            log(LogLine(taskID: message.id.text, taskName: message.task, level: "warning", text: reason))
        }
    }
}
