import CeleryCore

/// The parts of `db+postgresql+driver://user:password@host:port/name?option=value` that all servers share.
struct ServerURL {
    /// For display, without the password and the options.
    let location: String
    /// What the server's users call the database.
    let database: String
    let options: [ServiceURL.QueryItem]

    /// - Parameter needsDatabase: Whether the path has to name the database.
    /// - Throws: `SQLError.Code.options`.
    init(_ url: ServiceURL, needsDatabase: Bool = true) throws(SQLError) {
        var shown = url
        shown.query = []
        location = shown.redacted
        database = url.path.hasPrefix("/") ? String(url.path.dropFirst()) : url.path
        options = url.query
        guard !database.isEmpty || !needsDatabase else { throw complaint("it names no database; write \(url.scheme)://user:password@host/database") }
        if url.user == nil, url.password != nil { throw complaint("it has a password and no user") }
        var seen: Set<String> = []
        for item in options {
            guard seen.insert(item.name).inserted else { throw complaint("option '\(item.name)' is given twice") }
        }
    }

    func complaint(_ text: String) -> SQLError { SQLError(.options, "\(location): \(text)") }

    func unknown(_ item: ServiceURL.QueryItem, among known: [String]) -> SQLError {
        let nearest = NearestName.suggest(item.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return complaint("unknown option '\(item.name)'\(nearest)")
    }

    /// - Parameter longest: In seconds.
    func seconds(_ item: ServiceURL.QueryItem, longest: Double = 3_600) throws(SQLError) -> Duration {
        guard let number = Double(item.value), number > 0, number <= longest else {
            throw complaint("\(item.name) must be a number of seconds, up to \(Int(longest))")
        }
        return .seconds(number)
    }

    func choice(_ item: ServiceURL.QueryItem, _ choices: [String]) throws(SQLError) -> String {
        guard choices.contains(item.value) else { throw complaint("\(item.name) must be \(choices.dropLast().joined(separator: ", ")) or \(choices.last ?? "")") }
        return item.value
    }
}
