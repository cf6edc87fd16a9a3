/// Leads each request to its route, after every check. The order matters: who may not ask learns nothing, not even which paths
/// there are.
///
///     Host -> route -> rights -> same origin, for actions -> parameters -> answer
package struct WebRouter: Sendable {
    /// By the number of parts of their paths.
    private let routes: [Int: [WebRoute]]
    private let guarding: WebGuard
    private let cors: CrossOriginRule

    package init(_ routes: [WebRoute], _ guarding: WebGuard, origins: [String] = []) {
        self.routes = Dictionary(grouping: routes) { $0.path.count }
        self.guarding = guarding
        cors = CrossOriginRule(origins)
    }

    /// The answer to a request, with the header lines of every answer.
    package func answer(_ request: WebRequest) -> WebServer.Reply {
        switch reply(request) {
        case .now(let response): return .now(finished(response, request))
        case .later(let work): return .later { finished(await work(), request) }
        }
    }

    private func finished(_ response: WebResponse, _ request: WebRequest) -> WebResponse {
        StrictHeaders.applied(to: cors.applied(to: response, of: request))
    }

    private func reply(_ request: WebRequest) -> WebServer.Reply {
        do throws(WebRefusal) {
            try guarding.hosts.check(request)
        } catch {
            return .now(WebResponse(error))
        }
        if let answer = cors.preflight(request) { return .now(answer) }
        let path = request.target.path
        let matches = (routes[path.count] ?? []).compactMap { route in route.match(path).map { (route, $0) } }
        let match = matches.first { $0.0.method == request.verb }
        // A path or method that there is not needs the right to know that.
        switch guarding.decide(request, match?.0.demand ?? .right(.read)) {
        case .refused(let refusal): return .now(WebResponse(refusal))
        case .granted(let identity): return proceed(request, identity, match, matches.map(\.0.method))
        case .later(let decision):
            let methods = matches.map(\.0.method)
            return .later {
                switch await decision() {
                case .failure(let refusal): return WebResponse(refusal)
                case .success(let identity):
                    switch proceed(request, identity, match, methods) {
                    case .now(let response): return response
                    case .later(let work): return await work()
                    }
                }
            }
        }
    }

    private func proceed(
        _ request: WebRequest, _ identity: WebIdentity, _ match: (WebRoute, [WebField])?, _ methods: [String]
    ) -> WebServer.Reply {
        do throws(WebRefusal) {
            guard let (route, values) = match else {
                guard !methods.isEmpty else { throw WebRefusal(404, "there is nothing here") }
                let allowed = methods.map { $0 == "GET" ? "GET, HEAD" : $0 }.joined(separator: ", ")
                throw WebRefusal(405, "this is not done by \(request.method)", headers: [WebField("Allow", allowed)])
            }
            if route.method != "GET" { try guarding.origins.check(request, identity) }
            guard route.method != "GET" || request.body.isEmpty else { throw WebRefusal(400, "a question has no body") }
            var parameters = try WebParameters(try request.target.query + (route.readsBody ? [] : request.form()), route.parameters)
            for value in values { parameters[value.name] = value.value }
            let reply = route.answer(WebCall(request: request, parameters: parameters, identity: identity))
            // Requests without rights count against the public rate one by one, so none is repeated unasked.
            guard case .now(var response) = reply, identity.rights.isEmpty else { return reply }
            response.repeatsUntil = nil
            return .now(response)
        } catch {
            return .now(WebResponse(error))
        }
    }
}
