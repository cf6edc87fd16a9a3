import CeleryCore
import HTTP

/// The tasks by which Celery 0.8 to 3.1 called URLs that messages name.
package enum DispatchTask: String, Sendable, Hashable, CaseIterable {
    /// Celery 0.8: GET alone.
    case rest = "celery.task.rest.RESTProxyTask"
    /// Celery 1.0 to 2.x.
    case dispatch = "celery.task.http.HttpDispatchTask"
    /// Celery 3.x.
    case http = "celery.http_dispatch"

    /// Why a worker runs none of these tasks, for one whose list of hosts is empty.
    package static let refusal = CommandRefusal(
        "this worker calls no URLs of messages, since CELERY_HTTP_HOSTS lists no hosts",
        hint: "list the hosts in CELERY_HTTP_HOSTS, or give the URL a name by [task.NAME] in celery.toml")

    private static let timeout = 60.0

    /// The request that the arguments describe: `url`, `method`, and keyword arguments for the query or a form.
    ///
    /// - Throws: `HTTPRefusal` for other arguments, and for hosts that are not listed.
    func step(_ arguments: TaskArguments, _ hosts: HTTPHosts) throws(HTTPRefusal) -> HTTPStep {
        var names = self == .rest ? ["url"] : ["url", "method"]
        var kwargs = arguments.kwargs
        guard arguments.args.count <= names.count else {
            throw HTTPRefusal("TypeError", "\(rawValue) takes \(names.joined(separator: " and ")), and keyword arguments")
        }
        var values: [String: JSON] = [:]
        for value in arguments.args { values[names.removeFirst()] = value }
        for name in names { if let value = kwargs[name] { (values[name], kwargs[name]) = (value, nil) } }
        guard let text = values["url"]?.stringValue else { throw HTTPRefusal("TypeError", "\(rawValue) needs a url") }
        let method = try Self.method(values["method"])
        var address = try Self.address(text, hosts)
        let isQuery = method == "GET" || method == "HEAD"
        if isQuery { address.target = FormText.merged(address.target, with: kwargs) }
        // As the original's library did: HEAD was sent as GET, and any other method as POST.
        var step = HTTPStep(isQuery ? .get : .post, address)
        if isQuery {
            // Of the original until 2.x, for servers that look at it.
            if self != .http { step.request.headers.append(.init("Content-Type", "application/json")) }
        } else {
            step.request.headers.append(.init("Content-Type", "application/x-www-form-urlencoded"))
            step.request.body = Array(FormText.encoded(kwargs).utf8)
        }
        step.request.timeout = .seconds(Self.timeout)
        let host = address.host
        step.request.permitsAddress = { hosts.permits(NetworkAddress($0), of: host) }
        return step
    }

    private static func method(_ value: JSON?) throws(HTTPRefusal) -> String {
        guard let value else { return "GET" }
        guard let word = value.stringValue, !word.isEmpty else { throw HTTPRefusal("TypeError", "method must be text such as \"POST\"") }
        return word.uppercased()
    }

    /// The address of a URL that a message names.
    ///
    /// - Throws: `HTTPRefusal` unless its host is listed.
    static func address(_ text: String, _ hosts: HTTPHosts) throws(HTTPRefusal) -> HTTPAddress {
        let address: HTTPAddress
        do throws(HTTPAddressError) {
            // The fragment is not for the server.
            address = try HTTPAddress(String(text.prefix { $0 != "#" }))
        } catch {
            throw HTTPRefusal("ValueError", "url \(error.text)")
        }
        guard address.scheme != .unix else { throw HTTPRefusal("PermissionError", "only the settings may name a Unix socket") }
        guard hosts.list(address) else {
            throw HTTPRefusal("PermissionError", "\(address.authority) is not listed in CELERY_HTTP_HOSTS")
        }
        return address
    }
}
