import CeleryCore

extension SettingsDraft {
    /// Makes the URL of the result store from CELERY_BACKEND and its companions, unless CELERY_RESULT_BACKEND overrides them.
    mutating func combineResults() throws(SettingsError) {
        let given = origins["CELERY_RESULT_BACKEND"]
        if results.backend == nil, given == nil { try refuseIdleCompanions() }
        if results.backend == nil, given != nil { try completeMongo() }
        // What describes a database names it as the store, too.
        let telling = results.backend == nil ? ResultParts.databaseNames.first { origins[$0] != nil } : "CELERY_BACKEND"
        guard let telling, let origin = origins[telling] else { return }
        if let given, given.rank > origin.rank { return }
        let url: ServiceURL
        do throws(SettingsComplaint) {
            url = try results.url(of: results.backend ?? .database, in: settings.projectFolder)
        } catch {
            // The origin of a variable includes its name.
            guard case .file = origin else { throw SettingsError(.badValue, "\(origin) \(error.text)", hint: error.hint) }
            throw SettingsError(.badValue, at: origin.description, "\(telling) \(error.text)", hint: error.hint)
        }
        if let given, given.rank == origin.rank, settings.resultURL != url.text {
            throw SettingsError(
                .contradiction, at: origin.description, "\(telling) contradicts CELERY_RESULT_BACKEND (\(given))",
                hint: "name the result store once")
        }
        settings.resultURL = url.text
        origins["CELERY_RESULT_BACKEND"] = origin
    }

    /// Completes a CELERY_RESULT_BACKEND of MongoDB, as Python does.
    private mutating func completeMongo() throws(SettingsError) {
        let name = "CELERY_MONGODB_BACKEND_SETTINGS"
        guard let mongo = results.mongo, let origin = origins[name], let url = try? ServiceURL(settings.resultURL), url.scheme.hasPrefix("mongodb")
        else { return }
        if let server = mongo.server {
            throw SettingsError(
                .contradiction, at: origin.description, "\(name) has a \(server), and CELERY_RESULT_BACKEND names the server as well",
                hint: "name the server once")
        }
        do throws(SettingsComplaint) {
            settings.resultURL = try mongo.completed(url).text
        } catch {
            throw SettingsError(.contradiction, at: origin.description, "\(name) \(error.text) in CELERY_RESULT_BACKEND", hint: error.hint)
        }
    }

    /// A cache or server that CELERY_BACKEND does not choose would have no effect.
    private func refuseIdleCompanions() throws(SettingsError) {
        for (names, noun, backend) in ResultParts.companions {
            for name in names {
                guard let place = origins[name] else { continue }
                throw SettingsError(
                    .contradiction, at: place.description, "\(name) names \(noun), but results are not kept there",
                    hint: "add CELERY_BACKEND = \"\(backend.rawValue)\", or remove it")
            }
        }
    }
}

extension SettingsOrigin {
    /// Greater for what overrides others.
    fileprivate var rank: Int {
        switch self {
        case .flag: 3
        case .environment: 2
        case .file: 1
        case .byDefault: 0
        }
    }
}
