/// One setting: what it is called, what it takes, what it does.
///
/// The table `SettingsKey.all` is the only place that knows the settings: the reader,
/// its suggestions and the manual page celery.toml(5) are made from it.
package struct SettingsKey: Sendable {
    package let name: String
    /// Other names of the original and of later versions, equal in every way.
    package let aliases: [String]
    /// What it takes, for the manual: `whole number`.
    package let kind: String
    /// The default as one would write it in the file; `nil` when there is none.
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

    /// The names that may be given in the environment: those which others are unlikely to use.
    package var environmentNames: [String] { names.filter { $0.hasPrefix("CELERY") } }

    /// Every setting, in the order of the manual.
    package static let all = brokerKeys + workerKeys + taskKeys + eventKeys + beatKeys

    /// The setting of this name or alias.
    package static func named(_ name: String) -> SettingsKey? { byName[name] }

    private static let byName = Dictionary(
        uniqueKeysWithValues: all.flatMap { key in key.names.map { ($0, key) } })
}
