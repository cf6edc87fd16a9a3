package import CeleryCore

/// Where the value of a setting came from, in falling precedence.
package enum SettingsOrigin: Sendable, Hashable, CustomStringConvertible {
    /// A flag, as it is spelled: `--concurrency`.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A file and a line in it; line 0 is not known.
    case file(String, line: Int)
    /// Nobody said anything.
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
    /// By the first name of each setting in `SettingsKey.all`; those not here have their default.
    package var origins: [String: SettingsOrigin]
    /// The sections `[beat.NAME]` of the file, by name.
    package var periodicTasks: [PeriodicSection] = []
    /// What was written of each setting that is not at its default.
    var inputs: [String: SettingsInput] = [:]

    /// Where the setting of this name came from.
    package func origin(of name: String) -> SettingsOrigin { origins[name] ?? .byDefault }
}
