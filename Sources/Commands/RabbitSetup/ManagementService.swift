import CeleryCore
import HTTP

/// Administers a broker through the HTTP API of its management plugin.
final class ManagementService: BrokerAdministration {
    /// `https://host:15671/api`, without credentials.
    let base: String
    let host: String
    private let administrator: Administrator
    private let authorityFile: String?
    // Created on first use: a dry run needs none.
    private var client: HTTPClient?

    /// The credentials for the API.
    struct Administrator: Sendable {
        var name: String
        var password: Secret
    }

    /// - Parameter url: `http://host:port`, with or without `/api`; credentials in the URL are ignored.
    init(_ url: ServiceURL, as administrator: Administrator, authorityFile: String? = nil) {
        var place = url
        place.user = nil
        place.password = nil
        place.query = []
        let folders = url.path.split(separator: "/").map(String.init)
        place.path = ""
        base = ([place.text] + (folders.last == "api" ? folders.dropLast() : folders).map { PercentCoding.encode($0) } + ["api"])
            .joined(separator: "/")
        host = url.host ?? "localhost"
        self.administrator = administrator
        self.authorityFile = authorityFile
    }

    /// A request: method, path components and body.
    struct Call: Sendable, Hashable {
        var method: String
        var path: [String]
        var body: JSON?

        init(_ method: String, _ path: String..., body: JSON? = nil) {
            self.method = method
            self.path = path
            self.body = body
        }
    }

    func survey(_ wish: SetupWish) throws -> BrokerSurvey {
        var survey = BrokerSurvey()
        guard let overview = try get("overview") else {
            throw CommandError(
                ExitCode.configuration, "\(base) is not RabbitMQ's management API",
                hint: "the default port is 15672; enable the plugin with rabbitmq-plugins enable rabbitmq_management")
        }
        survey.listener = BrokerSurvey.listener(
            among: (overview["listeners"]?.arrayValue ?? []).compactMap { listener in
                listener["port"]?.intValue.map { (listener["protocol"]?.stringValue ?? "", $0) }
            })
        if let user = try get("users", wish.user) {
            // A list; before RabbitMQ 3.9, comma-separated words.
            survey.userTags = user["tags"]?.arrayValue?.compactMap(\.stringValue)
                ?? user["tags"]?.stringValue?.split(separator: ",").map(String.init) ?? []
        }
        survey.hasVirtualHost = try get("vhosts", wish.vhost) != nil
        guard survey.hasVirtualHost else { return survey }
        survey.permissions = try get("permissions", wish.vhost, wish.user).map { AccessPatterns($0) }
        for exchange in wish.objects.exchanges {
            survey.exchanges[exchange.name] = try get("exchanges", wish.vhost, exchange.name).map(BrokerSurvey.Exchange.init)
        }
        for queue in wish.objects.queues {
            survey.queues[queue.name] = try get("queues", wish.vhost, queue.name).map(BrokerSurvey.Queue.init)
        }
        for binding in wish.objects.bindings
        where survey.exchanges[binding.exchange] != nil && survey.queues[binding.queue] != nil {
            let found = try get("bindings", wish.vhost, "e", binding.exchange, "q", binding.queue)?.arrayValue ?? []
            if found.contains(where: { $0["routing_key"]?.stringValue == binding.routingKey }) { survey.bindings.insert(binding) }
        }
        return survey
    }

    func perform(_ step: SetupStep) throws {
        let call = Self.call(for: step, showingSecrets: true)
        let answer = try send(call)
        guard answer.isSuccess else { throw refusal(of: call, answer) }
    }

    func shown(_ step: SetupStep) -> [String] {
        let call = Self.call(for: step, showingSecrets: false)
        return [([call.method, url(of: call)] + (call.body.map { [$0.text()] } ?? [])).joined(separator: " ")]
    }

    /// The request that performs a step.
    static func call(for step: SetupStep, showingSecrets: Bool) -> Call {
        func word(_ secret: Secret) -> JSON { .string(showingSecrets ? secret.text : "\(secret)") }
        return switch step {
        case .createUser(let name, let secret): Call("PUT", "users", name, body: ["password": word(secret), "tags": ""])
        case .changePassword(let name, let secret, let tags):
            Call("PUT", "users", name, body: ["password": word(secret), "tags": .string(tags.joined(separator: ","))])
        case .createVirtualHost(let name): Call("PUT", "vhosts", name)
        case .setPermissions(let user, let vhost, let patterns):
            Call(
                "PUT", "permissions", vhost, user,
                body: [
                    "configure": .string(patterns.configure), "write": .string(patterns.write), "read": .string(patterns.read),
                ])
        // Unlike declaring, an import needs no permission of the administrator on the virtual host.
        case .declare(let objects, let vhost): Call("POST", "definitions", body: objects.definitions(vhost: vhost))
        }
    }

    private func url(of call: Call) -> String {
        ([base] + call.path.map { PercentCoding.encode($0) }).joined(separator: "/")
    }

    /// The object at a path; `nil` if there is none.
    private func get(_ path: String...) throws -> JSON? {
        var call = Call("GET")
        call.path = path
        let answer = try send(call)
        if answer.status == 404 { return nil }
        guard answer.isSuccess else { throw refusal(of: call, answer) }
        guard let value = try? JSON(parsing: answer.body) else {
            throw CommandError(ExitCode.configuration, "\(url(of: call)) did not answer in JSON: it is not RabbitMQ's management API")
        }
        return value
    }

    private func send(_ call: Call) throws -> HTTPAnswer {
        var request = HTTPRequest(call.method, url(of: call))
        request.user = administrator.name
        request.password = administrator.password.text
        request.authorityFile = authorityFile
        request.headers = [HTTPRequest.Header("Content-Type", "application/json")]
        request.body = call.body.map { Array($0.text().utf8) } ?? (call.method == "GET" ? nil : [])
        do throws(HTTPError) {
            let client = if let client { client } else { try HTTPClient() }
            self.client = client
            return try client.perform(request)
        } catch {
            throw Self.describe(error, at: base)
        }
    }

    private static func describe(_ error: HTTPError, at base: String) -> CommandError {
        switch error.code {
        case .noLibrary:
            CommandError(
                ExitCode.configuration, "the management API needs libcurl, which is not installed",
                hint: "install it (apt-get install libcurl4), or use rabbitmqctl as root")
        case .unreachable, .timedOut, .forbidden:
            CommandError(
                ExitCode.unreachable, "cannot reach \(base): \(error)",
                hint: "enable the management plugin: rabbitmq-plugins enable rabbitmq_management")
        case .untrusted:
            CommandError(
                ExitCode.configuration, "\(base) cannot be trusted: \(error)",
                hint: "name the file with its certificate authority with --api-ca FILE")
        case .badURL, .notHTTP, .tooLong:
            CommandError(ExitCode.configuration, "\(base) is not RabbitMQ's management API: \(error)")
        }
    }

    private func refusal(of call: Call, _ answer: HTTPAnswer) -> CommandError {
        let reason = (try? JSON(parsing: answer.body))?["reason"]?.stringValue ?? "HTTP status \(answer.status)"
        let what = "\(call.method) \(url(of: call)): \(reason)"
        return switch answer.status {
        case 401, 403:
            CommandError(
                ExitCode.noPermission, "the management API refuses user '\(administrator.name)': \(reason)",
                hint: "give the name and password of a user with the tag administrator")
        case 500...: CommandError(ExitCode.unreachable, "the broker reports an internal error: \(what)")
        default: CommandError(ExitCode.badData, what)
        }
    }
}
