import CeleryCore
import Client
import Configuration
import Processes

/// Who can read passwords and messages, and who can change what workers trust.
struct FilesCheck: LocalCheck {
    let name = "files"

    func findings(_ patient: Patient) throws -> [Finding] {
        let settings = patient.settings
        var found: [Finding] = []
        if let file = settings.file.flatMap(FileFacts.init) {
            if file.isWritableByAll {
                found.append(finding(.warning, "\(file.path) can be changed by every user", hint: "chmod o-w \(file.path)"))
            }
            if file.isReadableByAll, hasPassword(patient.resolved) {
                found.append(
                    finding(.warning, "\(file.path) contains a password or token and can be read by every user", hint: "chmod o-r \(file.path)"))
            }
        }
        for file in Self.databases(settings).flatMap({ [$0, $0 + "-wal", $0 + "-shm"] }).compactMap(FileFacts.init) {
            if file.isWritableByAll {
                found.append(finding(.warning, "\(file.path) can be changed by every user, who can submit any task", hint: "chmod o-w \(file.path)"))
            } else if file.isReadableByAll {
                found.append(finding(.warning, "\(file.path) can be read by every user, with the arguments of tasks", hint: "chmod o-r \(file.path)"))
            }
        }
        for file in Self.secrets(settings).compactMap(FileFacts.init) where file.isReadableByAll || file.isWritableByAll {
            found.append(finding(.warning, "\(file.path) holds a secret, and every user can \(file.isWritableByAll ? "change" : "read") it", hint: "chmod 600 \(file.path)"))
        }
        for path in [settings.pidFile, settings.beatPIDFile, settings.web.pidFile] {
            if let file = FileFacts(path), file.isWritableByAll {
                found.append(finding(.warning, "\(path) can be changed by every user, who can have any process stopped", hint: "chmod o-w \(path)"))
            }
            if let folder = FileFacts(Self.folder(of: path)), folder.isWritableByAll {
                found.append(
                    finding(.warning, "\(folder.path), the folder of \(path), can be changed by every user", hint: "chmod o-w \(folder.path)"))
            }
        }
        return found.isEmpty ? [finding(.ok, "other users can neither read secrets nor change files of this project")] : found.distinctFindings
    }

    /// Whether the settings file has a password, in a URL or by itself.
    private func hasPassword(_ resolved: ResolvedSettings) -> Bool {
        let settings = resolved.settings
        func isWritten(_ key: String) -> Bool { if case .file = resolved.origin(of: key) { true } else { false } }
        func holds(_ text: String) -> Bool { ((try? ServiceURL.alternatives(text)) ?? []).contains { !($0.password ?? "").isEmpty } }
        if isWritten("CELERY_BROKER_URL"), holds(settings.brokerURL) { return true }
        if isWritten("CELERY_RESULT_BACKEND"), holds(settings.resultURL) { return true }
        // The URL of a chat's webhook is itself the right to write there, and headers of HTTP tasks often are such a right.
        if settings.mail.webhook != nil, isWritten("CELERY_ADMIN_WEBHOOK") { return true }
        if settings.httpTasks.contains(where: { !$0.headers.isEmpty }) { return true }
        return settings.mail.password != nil && isWritten("EMAIL_HOST_PASSWORD")
    }

    /// The files of brokers and results on this machine.
    static func databases(_ settings: Settings) -> [String] {
        let texts = [settings.brokerURL, settings.resultURL]
        let urls: [ServiceURL] = texts.flatMap { text in (try? ServiceURL.alternatives(text)) ?? [] }
        return urls.filter { $0.service == .sqlite || $0.service == .pythonSQLite }.map(\.path).distinct
    }

    private static func secrets(_ settings: Settings) -> [String] {
        let given = [settings.commandKey, settings.web.credentials, settings.web.key].compactMap { $0 }
        return (databases(settings).map { $0 + ".key" } + given + settings.httpKeys.values.sorted()).distinct
    }

    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

extension [Finding] {
    /// Without repetitions.
    fileprivate var distinctFindings: [Finding] {
        reduce(into: []) { list, finding in if !list.contains(finding) { list.append(finding) } }
    }
}
