import CeleryCore

extension SettingsKey {
    /// The settings of HTTP tasks.
    package static let httpKeys: [SettingsKey] = [
        SettingsKey(
            "CELERYD_HTTP_CONCURRENCY", .whole(1...10_000), default: "100",
            """
            Number of HTTP tasks that a worker has under way at once. They need no pool children, and up to this number they do not \
            count as running tasks when the worker takes further ones.
            """
        ) { $0.settings.httpConcurrency = $1 },
        SettingsKey(
            "CELERY_HTTP_HOSTS", .hosts, default: "[]",
            """
            Hosts that a URL in a message may name, for the tasks celery.http_dispatch, celery.task.http.HttpDispatchTask and \
            celery.task.rest.RESTProxyTask, which a worker knows only if there are any, and for callbacks (celery apply --callback): names such as "api.example.com", "*.example.com" \
            for all names below, addresses and networks such as "10.1.0.0/16", each with a port or without. A name with a private, \
            loopback, link-local or multicast address is refused unless the list contains that address, too. URLs of [task.NAME] \
            need no entry.
            """
        ) { $0.settings.httpHosts = $1 },
        SettingsKey(
            "CELERY_WEBHOOK_QUEUE", .queue, default: nil,
            """
            Queue for the calls of callbacks (celery apply --callback), messages of the task celery.webhook. The default is the queue of \
            the task; where Python's workers consume that, too, name another one, for they do not know the task.
            """
        ) { $0.settings.webhookQueue = $1 },
        SettingsKey(
            "CELERY_HTTP_KEYS", .filesByHost, default: "{}",
            """
            Files with the keys by which requests of HTTP tasks are signed, one for each host: \
            { "api.example.com" = "api.key" }. A file holds a line of at least 32 characters, readable by its owner alone. celery(7) \
            says how the receiver checks the header Celery-Signature.
            """
        ) { draft, files in draft.settings.httpKeys = files.mapValues { draft.absolute($0) } },
    ]
}

extension SettingsKind where Value == HTTPHosts {
    fileprivate static let hosts = SettingsKind(name: "list of texts") { input throws(SettingsComplaint) in
        let texts = try SettingsKind<[String]>.list(of: .text).read(input)
        do throws(HTTPAddressError) {
            return try HTTPHosts(texts)
        } catch {
            throw SettingsComplaint(error.text)
        }
    }
}

extension SettingsKind where Value == [String: String] {
    /// A table of paths by host; `HOST=PATH`, separated by commas, in the environment.
    fileprivate static let filesByHost = SettingsKind(name: "table of paths") { input throws(SettingsComplaint) in
        var files: [String: String] = [:]
        for (host, path) in try pairs(input) {
            guard let address = try? HTTPAddress("http://\(host)"), address.host == host.lowercased() || "[\(address.host)]" == host.lowercased() else {
                throw SettingsComplaint("contains \"\(host.forLog)\", which is no host; write it without http:// and port")
            }
            guard !path.isEmpty else { throw SettingsComplaint("names no file for \(host)") }
            guard files.updateValue(path, forKey: address.host) == nil else { throw SettingsComplaint("names \(host) twice") }
        }
        return files
    }

    private static func pairs(_ input: SettingsInput) throws(SettingsComplaint) -> [(String, String)] {
        switch input {
        case .table(let members):
            var pairs: [(String, String)] = []
            for member in members { pairs.append((member.name, try SettingsKind<String>.text.read(member.value))) }
            return pairs
        case .word(let words):
            var pairs: [(String, String)] = []
            for word in words.split(separator: ",") {
                guard let equals = word.firstIndex(of: "=") else { throw SettingsComplaint("must be HOST=PATH, not \"\(String(word).forLog)\"") }
                pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
            }
            return pairs
        default: throw SettingsComplaint("must be a table such as { \"api.example.com\" = \"api.key\" }, not \(input.sort)")
        }
    }
}
