package import CeleryCore

// The options of a server's URL.
extension ServiceURL {
    /// The server for display, without the password and without options.
    package var location: String {
        var shown = self
        shown.query = []
        return shown.redacted
    }

    /// Takes the options in their order.
    ///
    /// - Parameter complaint: Makes the error of an option that is given twice.
    package func takeOptions<Failure: Error>(
        _ complaint: (String) -> Failure, _ take: (QueryItem) throws(Failure) -> Void
    ) throws(Failure) {
        var seen: Set<String> = []
        for item in query {
            guard seen.insert(item.name).inserted else { throw complaint("option '\(item.name)' is given twice") }
            try take(item)
        }
    }
}

extension ServiceURL.QueryItem {
    /// The value as a time limit; `nil` if it is no number of seconds up to 3600.
    package var timeLimit: Duration? {
        guard let seconds = Double(value), seconds > 0, seconds <= 3_600 else { return nil }
        return .seconds(seconds)
    }

    /// What is wrong with a time limit.
    package var timeLimitProblem: String { "\(name) must be a number of seconds, up to 3600" }

    /// Whether the value may stand before the names of queues and topics.
    package var isNamePrefix: Bool {
        value.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "._-".utf8.contains($0) }
    }

    /// What is wrong with an option that nobody knows.
    ///
    /// - Parameter known: Names among which to suggest the nearest.
    package func unknown(among known: [String]) -> String {
        let nearest = NearestName.suggest(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
        return "unknown option '\(name)'\(nearest)"
    }
}
