import Arguments
import CeleryCore
import Client
import HTTP
import Mail
import Processes

/// Whether the administrators would hear of failures. Sends a mail with `--mail`.
struct MailCheck: LocalCheck {
    let name = "mail"

    func findings(_ patient: Patient) async -> [Finding] {
        let settings = patient.settings.mail
        let isAsked = patient.context.arguments[DoctorCommand.mail]
        guard settings.isOn else {
            let reason = settings.admins.isEmpty ? "ADMINS names nobody" : "SEND_CELERY_TASK_ERROR_EMAILS is false"
            guard isAsked else { return [finding(.ok, "no mail is sent: \(reason)")] }
            return [finding(.error, "no mail can be sent: \(reason)", hint: "ADMINS = [\"you@example.com\"] in celery.toml")]
        }
        let delivery = MailDelivery(settings)
        guard !delivery.needsLibrary || HTTPClient.isAvailable else {
            return [finding(.error, "mail for ADMINS needs libcurl, which is not installed", hint: "install the package libcurl4, or a sendmail program")]
        }
        var found: [Finding] = []
        let waiting = FolderNames.of(settings.spool + "/out").count { !$0.hasPrefix(".") }
        if waiting > 0 {
            found.append(
                finding(.warning, "\(waiting) mail\(waiting == 1 ? " waits" : "s wait") in \(settings.spool)",
                    hint: "a running worker sends them; if one runs, see its log for what \(delivery.place) answers"))
        }
        guard isAsked else { return found + [finding(.ok, "mail for \(settings.admins.map(\.address).joined(separator: ", ")) goes to \(delivery.place)")] }
        let mail = MailText(settings: settings, host: HostName.current).trial(now: .now)
        if let failure = delivery.send(mail) {
            return found + [finding(.error, "\(delivery.place) did not take a mail: \(failure.text.forLog)", hint: "see EMAIL_HOST and the settings beside it in celery.toml(5)")]
        }
        return found + [finding(.ok, "\(delivery.place) has taken a mail for \(settings.admins.map(\.address).joined(separator: ", "))")]
    }
}
