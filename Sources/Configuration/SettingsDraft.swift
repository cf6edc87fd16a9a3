import CeleryCore

/// Settings while they are assembled layer by layer.
struct SettingsDraft: Sendable {
    var settings: Settings
    var origins: [String: SettingsOrigin] = [:]
    /// The values as written, by the first names of settings.
    var inputs: [String: SettingsInput] = [:]
    var parts = BrokerParts()
    var results = ResultParts()
    /// Queue entries with more than a name.
    var queueEntries: [String: QueueEntry] = [:]
    /// The periodic tasks of the file.
    var periodicTasks: [PeriodicSection] = []
    /// The base folder for relative paths of the layer being read.
    var folder: String

    init(settings: Settings) {
        self.settings = settings
        folder = settings.projectFolder
    }

    /// Makes a path of the layer being read absolute.
    func absolute(_ path: String) -> String { SettingsFile.absolute(path, in: folder) }

    /// The text of alternative URLs, with file paths resolved in the folder of the layer being read.
    func text(of urls: [ServiceURL]) -> String {
        urls.map { $0.resolved(in: folder).text }.joined(separator: ";")
    }

    /// Sets the defaults that depend on other settings.
    ///
    /// - Throws: `SettingsError` for settings of several layers that do not fit together.
    mutating func finish() throws(SettingsError) {
        try combineResults()
        if settings.mail.usesTLS, settings.mail.usesSSL {
            throw SettingsError(.contradiction, "EMAIL_USE_TLS and EMAIL_USE_SSL are both true", hint: "EMAIL_USE_SSL is for port 465, EMAIL_USE_TLS for port 587 or 25")
        }
        settings.queueDefinitions = queueEntries.mapValues { $0.definition(settings) }
        if origins["CELERY_QUEUES"] == nil { settings.queues = [settings.defaultQueue] }
        if origins["CELERY_RESULT_BACKEND"] == nil {
            // An embedded broker also stores the results, here or at the other end of zmq: one file, one transaction.
            let isEmbedded = ["sqlite:", "memory:", "zmq:"].contains(where: settings.brokerURL.hasPrefix)
            if isEmbedded { settings.resultURL = settings.brokerURL }
        }
    }
}
