/// A resource: where it is, what it needs, and its answer.
package struct WebRoute: Sendable {
    /// A part of a path.
    package enum Part: Sendable {
        case word(String)
        /// Any text that is of this kind, kept under a name.
        case value(String, WebParameterKind)
    }

    /// GET, which includes HEAD, or POST.
    package var method: String
    package var path: [Part]
    package var demand: WebGuard.Demand
    /// The parameters of its query.
    package var parameters: [String: WebParameterKind]
    /// Whether its answer reads the body itself; otherwise the fields of a form are parameters, too.
    package var readsBody = false
    package var answer: @Sendable (WebCall) -> WebServer.Reply

    /// - Parameter path: `/celery/:id/status`; a part that begins with a colon is a value, whose kind is among `parameters`.
    package init(
        _ method: String, _ path: String, _ demand: WebGuard.Demand, _ parameters: [String: WebParameterKind] = [:],
        answer: @escaping @Sendable (WebCall) -> WebServer.Reply
    ) {
        self.method = method
        self.demand = demand
        self.answer = answer
        var query = parameters
        self.path = path.split(separator: "/").map { part in
            guard part.hasPrefix(":") else { return .word(String(part)) }
            let name = String(part.dropFirst())
            return .value(name, query.removeValue(forKey: name) ?? .text(255))
        }
        self.parameters = query
    }

    /// The values in a path; `nil` if it is another route's.
    func match(_ path: [String]) -> [WebField]? {
        guard path.count == self.path.count else { return nil }
        var values: [WebField] = []
        for (part, text) in zip(self.path, path) {
            switch part {
            case .word(let word): if word != text { return nil }
            case .value(let name, let kind):
                guard kind.takes(text) else { return nil }
                values.append(WebField(name, text))
            }
        }
        return values
    }
}

/// A request that may be answered.
package struct WebCall: Sendable {
    package var request: WebRequest
    package var parameters: WebParameters
    package var identity: WebIdentity

    package init(request: WebRequest, parameters: WebParameters, identity: WebIdentity) {
        self.request = request
        self.parameters = parameters
        self.identity = identity
    }
}
