package import CeleryCore

/// Where the value of a setting came from, in decreasing precedence.
package enum SettingsOrigin: Sendable, Hashable, CustomStringConvertible {
    /// A flag as spelled: `--concurrency`.
    case flag(String)
    /// An environment variable.
    case environment(String)
    /// A file and a line number; 0 if the line is unknown.
    case file(String, line: Int)
    /// The setting is not given.
    case byDefault

    package var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): "\(name) in the environment"
        case .file(let name, let line): line > 0 ? "\(name):\(line)" : name
        case .byDefault: "default"
        }
    }
}

/// Settings, and where each came from.
package struct ResolvedSettings: Sendable {
    package var settings: Settings
    /// Origins by the first name of each setting in `SettingsKey.all`; other settings have their defaults.
    package var origins: [String: SettingsOrigin]
    /// The sections `[beat.NAME]` of the file, by name.
    package var periodicTasks: [PeriodicSection] = []
    /// The values as written of all given settings.
    var inputs: [String: SettingsInput] = [:]

    /// Where the setting of this name came from.
    package func origin(of name: String) -> SettingsOrigin { origins[name] ?? .byDefault }
}
