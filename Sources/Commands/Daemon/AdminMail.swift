import Beat
import CeleryCore
import HTTP
import Logging
import Mail
import Worker

/// The mails of a worker or a beat to the administrators, if the settings name any.
struct AdminMail: Sendable {
    private let post: MailPost?
    private let watch: MailWatch?
    /// The name of the worker or beat.
    private let name: String

    /// - Throws: `CommandError` if no mail can be sent from here; `SystemError` when the spool cannot be used.
    init(_ settings: Settings, _ identity: WorkerIdentity, _ logger: Logger) throws {
        name = identity.name
        guard settings.mail.isOn else {
            (post, watch) = (nil, nil)
            return
        }
        let delivery = MailDelivery(settings.mail)
        let needsLibrary = delivery.needsLibrary && !settings.mail.admins.isEmpty || settings.mail.webhook != nil
        guard !needsLibrary || HTTPClient.isAvailable else {
            throw CommandError(
                ExitCode.configuration, "cannot send mail to ADMINS: libcurl is not installed",
                hint: "install the package libcurl4, or a sendmail program, or set SEND_CELERY_TASK_ERROR_EMAILS = false")
        }
        let host = identity.name.split(separator: "@", maxSplits: 1).last.map(String.init) ?? "localhost"
        let post = try MailPost(settings.mail, host: host, delivery: delivery, hook: try AdminWebhook(settings)) { logger.warning("\($0)") }
        self.post = post
        watch = MailWatch(post: post, worker: identity.name, redaction: settings.redaction)
    }

    /// The observers to register with the worker.
    var watchers: [any TaskWatching] { watch.map { [$0] } ?? [] }

    /// Tells of an alarm of beat, or of its end.
    func tell(_ alarm: BeatAlarm) {
        guard let post else { return }
        let time = Timestamp.now
        let entry = alarm.entry.forLog
        post.post(alarm.kind == .over ? .success : .alarm, task: entry, error: alarm.kind.rawValue) { [name] in
            var notice = MailNotice(alarm.kind == .over ? .success : .alarm, task: entry, error: alarm.kind.rawValue, worker: name, time: time)
            notice.message = alarm.text
            return notice
        }
    }

    /// Has all notices stored, and mails tried once more.
    func end() async { await post?.end() }
}
