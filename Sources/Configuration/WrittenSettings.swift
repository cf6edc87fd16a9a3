package import CeleryCore

/// The contents of a settings file alone, without the environment and the command line, with line numbers.
package struct WrittenSettings: Sendable {
    /// The name of the file in errors.
    package let shown: String
    package let settings: Settings
    /// The line of each setting in the file, by the first name of the setting.
    package let lines: [String: Int]
    /// The line of the first `[table]`, if any: lines appended to the file would then belong to a table.
    package let firstTable: Int?

    init(text: String, shown: String, file: String) throws(SettingsError) {
        let document = try TOMLDocument(text, shown: shown)
        var draft = SettingsDraft(settings: Settings(projectFolder: SettingsFile.folder(of: file), file: file))
        try draft.read(document, shown: shown)
        try draft.finish()
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
    /// Reads the settings file in force; `nil` if there is none.
    ///
    /// - Parameters: as for `resolve`; only CELERY_SETTINGS is used of the environment.
    package static func written(
        settingsFile: String? = nil, environment: [String: String], workingFolder: String
    ) throws(SettingsError) -> WrittenSettings? {
        guard let (file, shown) = place(settingsFile, environment, workingFolder) else { return nil }
        return try WrittenSettings(text: try SettingsFile.text(of: file, shown: shown), shown: shown, file: file)
    }
}
