import CeleryCore

extension SettingsDraft {
    /// Reads the settings file.
    mutating func read(_ document: TOMLDocument, shown: String) throws(SettingsError) {
        var values: [String: (entry: TOMLDocument.Entry, origin: SettingsOrigin)] = [:]
        for entry in document.entries {
            let origin = SettingsOrigin.file(shown, line: entry.line)
            if entry.name == PeriodicTable.name {
                periodicTasks = try PeriodicTable(document, shown: shown).sections(of: entry.value)
                continue
            }
            if entry.name == HTTPTaskTable.name {
                settings.httpTasks = try HTTPTaskTable(document, shown: shown).sections(of: entry.value)
                continue
            }
            let key = try Self.key(of: entry, at: origin.description)
            if let earlier = values[key.name] {
                guard earlier.entry.value == entry.value else {
                    throw SettingsError(
                        .contradiction, at: origin.description,
                        "\(entry.name) contradicts \(earlier.entry.name) in line \(earlier.entry.line)",
                        hint: "both are names of one setting; remove one")
                }
                continue
            }
            values[key.name] = (entry, origin)
            try assign(entry.value, to: key, called: entry.name, origin)
        }
        try combineBroker(values.mapValues { ($0.entry.name, $0.entry.line) }, shown: shown)
    }

    /// Reads the environment.
    mutating func read(_ environment: [String: String]) throws(SettingsError) {
        for key in SettingsKey.all {
            // The first name overrides its aliases.
            for name in key.environmentNames {
                guard let word = environment[name], !word.isEmpty else { continue }
                try assign(.word(word), to: key, called: nil, .environment(name))
                break
            }
        }
    }

    /// Reads the flags of the command line; a later flag overrides an earlier one.
    mutating func read(_ flags: [SettingsFlag]) throws(SettingsError) {
        for flag in flags {
            guard let key = SettingsKey.named(flag.key) else {
                throw SettingsError(.unknownSetting, at: flag.option, "no setting is called '\(flag.key)'")
            }
            try assign(.word(flag.text), to: key, called: nil, .flag(flag.option))
        }
    }

    /// The setting of an entry of the file.
    private static func key(of entry: TOMLDocument.Entry, at place: String) throws(SettingsError) -> SettingsKey {
        if let key = SettingsKey.named(entry.name) { return key }
        let what = if case .table = entry.value { "[\(entry.name)]" } else { entry.name }
        if let hint = UnsupportedSettings.hint(for: entry.name) {
            throw SettingsError(
                .unsupported, at: place, "\(what) is not supported by this version", hint: hint.isEmpty ? nil : hint)
        }
        let near = NearestName.suggest(entry.name, among: SettingsKey.all.flatMap(\.names) + [PeriodicTable.name, HTTPTaskTable.name])
        let question = near.map { "; did you mean '\($0)'?" } ?? ""
        throw SettingsError(.unknownSetting, at: place, "unknown setting '\(entry.name)'\(question)")
    }

    private mutating func assign(
        _ input: SettingsInput, to key: SettingsKey, called name: String?, _ origin: SettingsOrigin
    ) throws(SettingsError) {
        do {
            try key.assign(input, &self)
        } catch {
            // The origin of a flag or variable includes its name: `--port must be ...`.
            guard let name else { throw SettingsError(.badValue, "\(origin) \(error.text)") }
            throw SettingsError(.badValue, at: origin.description, "\(name) \(error.text)", hint: error.hint)
        }
        origins[key.name] = origin
        inputs[key.name] = input
    }

    /// Makes the URL of the broker from AMQP_SERVER and its companions.
    private mutating func combineBroker(
        _ values: [String: (name: String, line: Int)], shown: String
    ) throws(SettingsError) {
        guard parts != BrokerParts() else { return }
        guard let url = values["CELERY_BROKER_URL"] else {
            settings.brokerURL = parts.url.text
            let first = values.filter { $0.key.hasPrefix("AMQP_") || $0.key == "CARROT_BACKEND" }.min { $0.value.line < $1.value.line }
            origins["CELERY_BROKER_URL"] = first.flatMap { origins[$0.key] }
            return
        }
        // The text was made from URLs, so it parses.
        guard let broker = try? ServiceURL.alternatives(settings.brokerURL).first,
            let other = parts.contradiction(with: broker), let part = values[other]
        else { return }
        throw SettingsError(
            .contradiction, at: SettingsOrigin.file(shown, line: part.line).description,
            "\(part.name) contradicts \(url.name) in line \(url.line)",
            hint: "describe the broker once: either by \(url.name) or by the AMQP settings")
    }
}
