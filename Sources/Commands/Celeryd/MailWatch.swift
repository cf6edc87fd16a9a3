import CeleryCore
import Mail
import Tasks
import Wire
import Worker

/// Picks from what happens to tasks what the administrators shall know.
struct MailWatch: TaskWatching {
    let post: MailPost
    /// The name of the worker.
    let worker: String
    let redaction: Redaction

    func note(_ moment: TaskMoment, at time: Timestamp) { note(moment, at: time, disablesErrorEmails: false) }

    func note(_ moment: TaskMoment, at time: Timestamp, disablesErrorEmails: Bool) {
        switch moment {
        case .received, .began, .interrupted: break
        case .refused(let delivery, let outcome, _):
            guard case .bury(_, let burial) = outcome.disposition else { return }
            let failure = outcome.results.first?.failure ?? TaskFailure(type: burial.reason.name, arguments: [.string(burial.error)])
            post(.deadLetter, delivery, delivery.handle.attempt, failure, "", time)
        case .ended(let delivery, let attempt, let report):
            switch report.ending {
            case .success:
                let task = delivery.message.task.forLog
                guard post.wantsSuccess(of: task) else { return }
                post.post(.success, task: task, error: "") { [worker] in MailNotice(.success, task: task, error: "", worker: worker, time: time) }
            case .failure(let failure, let traceback):
                if disablesErrorEmails { return }
                post(failure.isOfMessage ? .deadLetter : .failure, delivery, attempt, failure, traceback ?? report.errorOutput ?? "", time)
            case .retry, .revoked: break
            }
        case .failed(let delivery, let attempt, let failure, _):
            if disablesErrorEmails { return }
            post(failure.isLoss ? .deadLetter : .failure, delivery, attempt, failure, "", time)
        }
    }

    func noteLoss(of lost: String, messages: Int, at time: Timestamp) {
        post.post(.loss, task: lost, error: "WorkerLost") { [worker] in
            var notice = MailNotice(.loss, task: lost, error: "WorkerLost", worker: worker, time: time)
            notice.message = "the worker disappeared; \(messages) of its messages were requeued"
            return notice
        }
    }

    private func post(
        _ kind: MailNotice.Kind, _ delivery: Delivery, _ attempt: Int, _ failure: TaskFailure, _ details: String, _ time: Timestamp
    ) {
        let message = delivery.message
        let task = message.task.forLog
        post.post(kind, task: task, error: failure.type) { [worker, redaction] in
            var notice = MailNotice(kind, task: task, error: failure.type.forLog, worker: worker, time: time)
            notice.message = redaction.applied(to: failure.message).inOneLine(limit: 1_000)
            notice.id = message.id.text.forLog
            notice.attempt = attempt
            // Beyond this no mail shows it; what waits in the spool is bounded.
            notice.details = String(decoding: redaction.applied(to: details).utf8.suffix(MailText.detailLimit + 1), as: UTF8.self)
            if let arguments = try? BodyCodec.decode(message.body) {
                let texts = PythonRepr.texts(arguments, redaction)
                // What surrounds a command is no argument.
                notice.arguments = message.task == CommandTask.name ? texts.args : "\(texts.args) \(texts.kwargs)"
            }
            return notice
        }
    }
}
