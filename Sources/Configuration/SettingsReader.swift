package import CeleryCore
import Glibc

/// A flag of a command line that sets a setting.
package struct SettingsFlag: Sendable, Hashable {
    /// The flag as spelled: `--concurrency`.
    package var option: String
    /// The first name of the setting.
    package var key: String
    /// The value as given.
    package var text: String

    package init(option: String, key: String, text: String) {
        self.option = option
        self.key = key
        self.text = text
    }
}

/// Reads settings from all sources: flags override the environment, which overrides the file, which overrides the defaults.
///
/// Relative paths in the settings file are relative to its folder, those in flags and the environment to the
/// working folder. An empty environment variable counts as unset. Unknown names are errors in the file, but
/// ignored in the environment, which is shared with other programs.
package enum SettingsReader {
    /// Settings from one file and the defaults.
    package static func read(file: String) throws(SettingsError) -> Settings {
        try resolve(settingsFile: file, environment: [:], workingFolder: currentFolder()).settings
    }

    /// Settings from every source.
    ///
    /// - Parameters:
    ///   - settingsFile: The file of `--settings`. By default CELERY_SETTINGS names the file; otherwise
    ///     it is searched for from `workingFolder` upwards, and may be missing.
    ///   - workingFolder: Absolute.
    package static func resolve(
        settingsFile: String? = nil, flags: [SettingsFlag] = [], environment: [String: String], workingFolder: String
    ) throws(SettingsError) -> ResolvedSettings {
        guard let (file, shown) = place(settingsFile, environment, workingFolder) else {
            return try resolve(
                text: nil, shown: "", folder: workingFolder, file: nil, flags, environment, workingFolder)
        }
        let text = try SettingsFile.text(of: file, shown: shown)
        return try resolve(
            text: text, shown: shown, folder: SettingsFile.folder(of: file), file: file, flags, environment, workingFolder)
    }

    /// The absolute path of the settings file in force and its name in errors; `nil` if there is none.
    static func place(
        _ settingsFile: String?, _ environment: [String: String], _ workingFolder: String
    ) -> (file: String, shown: String)? {
        let named = settingsFile ?? environment["CELERY_SETTINGS"].flatMap { $0.isEmpty ? nil : $0 }
        let file = named.map { SettingsFile.absolute($0, in: workingFolder) } ?? SettingsFile.find(from: workingFolder)
        return file.map { ($0, named ?? shownName(of: $0, from: workingFolder)) }
    }

    /// Settings from every source, with the text of the file given.
    static func resolve(
        text: String?, shown: String, folder: String, file: String?, _ flags: [SettingsFlag],
        _ environment: [String: String], _ workingFolder: String
    ) throws(SettingsError) -> ResolvedSettings {
        var draft = SettingsDraft(settings: Settings(projectFolder: folder, file: file))
        if let text {
            let document = try TOMLDocument(text, shown: shown)
            try draft.read(document, shown: shown)
        }
        draft.folder = workingFolder
        try draft.read(environment)
        try draft.read(flags)
        try draft.finish()
        return ResolvedSettings(
            settings: draft.settings, origins: draft.origins, periodicTasks: draft.periodicTasks, inputs: draft.inputs)
    }

    /// The name of the settings file in errors: without its folder if that is the working folder.
    private static func shownName(of file: String, from folder: String) -> String {
        file == SettingsFile.absolute(SettingsFile.name, in: folder) ? SettingsFile.name : file
    }

    private static func currentFolder() -> String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
