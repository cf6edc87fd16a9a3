import CeleryCore

/// Settings while they are put together, layer upon layer.
struct SettingsDraft: Sendable {
    var settings: Settings
    var origins: [String: SettingsOrigin] = [:]
    /// As they were written, by the first names of settings.
    var inputs: [String: SettingsInput] = [:]
    var parts = BrokerParts()
    /// What was said of queues beyond their names.
    var queueEntries: [String: QueueEntry] = [:]
    /// Of the file alone.
    var periodicTasks: [PeriodicSection] = []
    /// Where relative paths of the layer being read start.
    var folder: String

    init(settings: Settings) {
        self.settings = settings
        folder = settings.projectFolder
    }

    /// An absolute path for one of the layer being read.
    func absolute(_ path: String) -> String { SettingsFile.absolute(path, in: folder) }

    /// The text of alternatives, files put into the folder of the layer being read.
    func text(of urls: [ServiceURL]) -> String {
        urls.map { $0.resolved(in: folder).text }.joined(separator: ";")
    }

    /// The defaults that depend on what others said.
    mutating func finish() {
        settings.queueDefinitions = queueEntries.mapValues { $0.definition(settings) }
        if origins["CELERY_QUEUES"] == nil { settings.queues = [settings.defaultQueue] }
        if origins["CELERY_RESULT_BACKEND"] == nil {
            // An embedded broker keeps its results too: one file, one transaction.
            let isEmbedded = settings.brokerURL.hasPrefix("sqlite:") || settings.brokerURL.hasPrefix("memory:")
            if isEmbedded { settings.resultURL = settings.brokerURL }
        }
    }
}
