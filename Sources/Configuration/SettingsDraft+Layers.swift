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
        let places = values.mapValues { (name: $0.entry.name, line: $0.entry.line) }
        try combineBroker(places, shown: shown)
        try combineResults(places, shown: shown)
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
        guard let origin = origins["CELERY_BACKEND"], origin == .environment("CELERY_BACKEND"),
            environment["CELERY_RESULT_BACKEND"]?.isEmpty ?? true
        else { return }
        try useDatabase(at: nil, called: "\(origin)", origin)
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
        let near = NearestName.suggest(entry.name, among: SettingsKey.all.flatMap(\.names) + [PeriodicTable.name])
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
            let first = values.filter { $0.key.hasPrefix("AMQP_") }.min { $0.value.line < $1.value.line }
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

    /// Makes the URL of the result store from CELERY_BACKEND, DATABASE_ENGINE and its companions.
    private mutating func combineResults(
        _ values: [String: (name: String, line: Int)], shown: String
    ) throws(SettingsError) {
        guard let first = values.filter({ DatabaseParts.names.contains($0.key) }).min(by: { $0.value.line < $1.value.line })?.value else { return }
        let origin = SettingsOrigin.file(shown, line: first.line)
        if let url = values["CELERY_RESULT_BACKEND"] {
            throw SettingsError(
                .contradiction, at: origin.description, "\(first.name) contradicts \(url.name) in line \(url.line)",
                hint: "name the result store once: either by \(url.name), or by CELERY_BACKEND and the DATABASE settings")
        }
        try useDatabase(at: origin.description, called: first.name, origin)
    }

    private mutating func useDatabase(at place: String?, called name: String, _ origin: SettingsOrigin) throws(SettingsError) {
        do throws(SettingsComplaint) {
            settings.resultURL = try database.url(in: folder).text
        } catch {
            guard let place else { throw SettingsError(.badValue, "\(name) \(error.text)") }
            throw SettingsError(.badValue, at: place, "\(name) \(error.text)")
        }
        origins["CELERY_RESULT_BACKEND"] = origin
    }
}
