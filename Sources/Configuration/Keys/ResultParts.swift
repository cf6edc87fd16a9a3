import CeleryCore

/// The result store as the original's settings describe it: CELERY_BACKEND and its companions.
struct ResultParts: Sendable, Equatable {
    /// What CELERY_BACKEND names.
    enum Backend: String, Sendable, CaseIterable {
        /// Queues at the broker.
        case amqp
        /// The servers of CELERY_CACHE_BACKEND or CACHE_BACKEND.
        case cache
    }

    var backend: Backend?
    /// Django's cache, which Celery uses as well unless it has one of its own.
    var djangoCache: ServiceURL?
    var cache: ServiceURL?

    /// - Throws: `SettingsComplaint` about CELERY_BACKEND, when what it needs is missing.
    func url(of backend: Backend) throws(SettingsComplaint) -> ServiceURL {
        switch backend {
        case .amqp: return ServiceURL(scheme: "amqp")
        case .cache:
            guard let url = cache ?? djangoCache else {
                throw SettingsComplaint(
                    "is \"cache\", but no cache is named", hint: "add CACHE_BACKEND = \"memcached://127.0.0.1:11211/\"")
            }
            return url
        }
    }
}

extension SettingsKind where Value == ResultParts.Backend {
    /// A kind of result store, as the original names it.
    static let originalBackend = SettingsKind(name: ResultParts.Backend.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")) {
        input throws(SettingsComplaint) in
        let text = try SettingsKind<String>.text.read(input)
        if let backend = ResultParts.Backend(rawValue: text) { return backend }
        let words = ResultParts.Backend.allCases.map(\.rawValue)
        let near = NearestName.suggest(text, among: words).map { "; did you mean \"\($0)\"?" } ?? ""
        throw SettingsComplaint(
            "must be one of \(words.joined(separator: ", ")), not \(input.shown)\(near)",
            hint: "name other result stores with CELERY_RESULT_BACKEND")
    }
}

extension SettingsKind where Value == ServiceURL {
    /// A cache in Django's notation, if it is one that others can read.
    static let cache = SettingsKind(name: "URL") { input throws(SettingsComplaint) in
        let urls = try SettingsKind<[ServiceURL]>.urls.read(input)
        guard urls.count == 1, let url = urls.first, url.namesServers else {
            throw SettingsComplaint("must name Memcached servers, such as memcached://127.0.0.1:11211/, not \(input.shown)")
        }
        return url
    }
}

extension SettingsDraft {
    /// Makes the URL of the result store from CELERY_BACKEND and its companions, unless CELERY_RESULT_BACKEND overrides them.
    mutating func combineResults() throws(SettingsError) {
        guard let backend = results.backend, let origin = origins["CELERY_BACKEND"] else {
            guard origins["CELERY_RESULT_BACKEND"] == nil else { return }
            // Such a setting would have no effect.
            for name in ["CELERY_CACHE_BACKEND", "CACHE_BACKEND"] {
                guard let place = origins[name] else { continue }
                throw SettingsError(
                    .contradiction, at: place.description, "\(name) names a cache, but results are not kept there",
                    hint: "add CELERY_BACKEND = \"cache\", or remove it")
            }
            return
        }
        let given = origins["CELERY_RESULT_BACKEND"]
        if let given, given.rank > origin.rank { return }
        let url: ServiceURL
        do throws(SettingsComplaint) {
            url = try results.url(of: backend)
        } catch {
            throw SettingsError(.badValue, at: origin.description, "CELERY_BACKEND \(error.text)", hint: error.hint)
        }
        if let given, given.rank == origin.rank, settings.resultURL != url.text {
            throw SettingsError(
                .contradiction, at: origin.description, "CELERY_BACKEND contradicts CELERY_RESULT_BACKEND (\(given))",
                hint: "name the result store once")
        }
        settings.resultURL = url.text
        origins["CELERY_RESULT_BACKEND"] = origin
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
