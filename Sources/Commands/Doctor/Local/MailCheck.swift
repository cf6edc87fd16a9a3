import Arguments
import CeleryCore
import Client
import HTTP
import Mail
import Processes

/// Whether the administrators would hear of failures, by mail and by CELERY_ADMIN_WEBHOOK. Sends a notice by each with `--mail`.
struct MailCheck: LocalCheck {
    let name = "mail"

    func findings(_ patient: Patient) throws -> [Finding] {
        let settings = patient.settings.mail
        let isAsked = patient.context.arguments[DoctorCommand.mail]
        guard settings.isOn else {
            let reason = settings.isWanted ? "ADMINS names nobody" : "SEND_CELERY_TASK_ERROR_EMAILS is false"
            guard isAsked else { return [finding(.ok, "nobody is told of failures: \(reason)")] }
            return [finding(.error, "no mail can be sent: \(reason)", hint: "ADMINS = [\"you@example.com\"] in celery.toml")]
        }
        let text = MailText(settings: settings, host: HostName.current)
        var found: [Finding] = []
        if !settings.admins.isEmpty {
            let delivery = MailDelivery(settings)
            let receivers = settings.admins.map(\.address).joined(separator: ", ")
            found += try check(
                MailSpool.Box.mails, delivery, needsLibrary: delivery.needsLibrary, receivers: receivers, settings, trial: isAsked ? text.trial(now: .now) : nil,
                hint: "see EMAIL_HOST and the settings beside it in celery.toml(5)")
        }
        if let hook = try AdminWebhook(patient.settings) {
            found += try check(
                MailSpool.Box.calls, hook, needsLibrary: true, receivers: "ADMINS", settings, trial: isAsked ? text.trialNotice(now: .now) : nil,
                hint: "see CELERY_ADMIN_WEBHOOK in celery.toml(5)")
        }
        return found
    }

    private func check(
        _ box: MailSpool.Box, _ delivery: any NoticeDelivery, needsLibrary: Bool, receivers: String, _ settings: MailSettings, trial: [UInt8]?,
        hint: String
    ) throws -> [Finding] {
        guard !needsLibrary || HTTPClient.isAvailable else {
            return [finding(.error, "\(delivery.place) needs libcurl, which is not installed", hint: "install the package libcurl4")]
        }
        var found: [Finding] = []
        let waiting = FolderNames.of("\(settings.spool)/\(box.rawValue)").count { !$0.hasPrefix(".") }
        if waiting > 0 {
            found.append(
                finding(.warning, "\(waiting) \(waiting == 1 ? "waits" : "wait") in \(settings.spool) for \(delivery.place)",
                    hint: "a running worker sends them; if one runs, see its log for what \(delivery.place) answers"))
        }
        guard let trial else { return found + [finding(.ok, "failures are told to \(receivers) by \(delivery.place)")] }
        if let failure = delivery.send(trial, named: "doctor-\(UInt64.random(in: .min ... .max))") {
            return found + [finding(.error, "\(delivery.place) has not taken a notice: \(failure.text.forLog)", hint: hint)]
        }
        return found + [finding(.ok, "\(delivery.place) has taken a notice for \(receivers)")]
    }
}
