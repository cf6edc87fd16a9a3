/// A setting: its names, its type of value, and its effect.
///
/// The table `SettingsKey.all` is the only place that knows the settings: the reader,
/// its suggestions and the manual page celery.toml(5) are made from it.
package struct SettingsKey: Sendable {
    package let name: String
    /// Equivalent names, from the original and from later versions.
    package let aliases: [String]
    /// The type of the value, for the manual: `whole number`.
    package let kind: String
    /// The default in the notation of the file; `nil` if there is none.
    package let defaultText: String?
    /// One or two sentences, with the unit.
    package let help: String

    let assign: @Sendable (SettingsInput, inout SettingsDraft) throws(SettingsComplaint) -> Void

    init<Value: Sendable>(
        _ name: String, aliases: [String] = [], _ kind: SettingsKind<Value>, default defaultText: String?,
        _ help: String, _ assign: @escaping @Sendable (inout SettingsDraft, Value) -> Void
    ) {
        self.name = name
        self.aliases = aliases
        self.kind = kind.name
        self.defaultText = defaultText
        self.help = help
        self.assign = { input, draft throws(SettingsComplaint) in
            let value = try kind.read(input)
            assign(&draft, value)
        }
    }

    /// Every name of this setting.
    package var names: [String] { [name] + aliases }

    /// The names accepted in the environment: those unlikely to conflict with other programs.
    package var environmentNames: [String] { names.filter { $0.hasPrefix("CELERY") } }

    /// Every setting, in the order of the manual.
    package static let all = brokerKeys + workerKeys + taskKeys + httpKeys + mailKeys + eventKeys + beatKeys + webKeys + brokerServerKeys

    /// The setting of this name or alias.
    package static func named(_ name: String) -> SettingsKey? { byName[name] }

    private static let byName = Dictionary(
        uniqueKeysWithValues: all.flatMap { key in key.names.map { ($0, key) } })
}
