package import CeleryCore

/// What a settings file says by itself, without the environment and the command line, and in which lines.
package struct WrittenSettings: Sendable {
    /// What the file is called.
    package let shown: String
    package let settings: Settings
    /// The line of each setting that is written, by the first name of the setting.
    package let lines: [String: Int]
    /// The line of the first `[table]`: what is added at the end belongs to a table.
    package let firstTable: Int?

    init(text: String, shown: String, file: String) throws(SettingsError) {
        let document = try TOMLDocument(text, shown: shown)
        var draft = SettingsDraft(settings: Settings(projectFolder: SettingsFile.folder(of: file), file: file))
        try draft.read(document, shown: shown)
        draft.finish()
        self.shown = shown
        settings = draft.settings
        var lines: [String: Int] = [:]
        for entry in document.entries {
            guard let name = SettingsKey.named(entry.name)?.name else { continue }
            lines[name] = min(lines[name] ?? entry.line, entry.line)
        }
        self.lines = lines
        firstTable = document.firstTable
    }
}

extension SettingsReader {
    /// Reads the file in force; `nil` where there is none.
    ///
    /// - Parameters: as those of `resolve`; of the environment only CELERY_SETTINGS counts.
    package static func written(
        settingsFile: String? = nil, environment: [String: String], workingFolder: String
    ) throws(SettingsError) -> WrittenSettings? {
        guard let (file, shown) = place(settingsFile, environment, workingFolder) else { return nil }
        return try WrittenSettings(text: try SettingsFile.text(of: file, shown: shown), shown: shown, file: file)
    }
}
