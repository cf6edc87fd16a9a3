import CeleryCore
import Streams

// The part of a URL after the question mark.
extension RedisOptions {
    /// Options that only concern objects and connection pools in Python: here each program has one connection for commands and
    /// one for waiting, both kept alive, and a command is repeated where that is safe.
    private static let pythonOnly = [
        "max_connections", "socket_keepalive", "retry_on_timeout", "retry_on_error", "health_check_interval", "encoding",
        "encoding_errors", "decode_responses", "timeout",
    ]
    private static let own = ["db", "virtual_host", "username", "password", "socket_timeout", "socket_connect_timeout", "client_name", "protocol"]

    mutating func take(_ item: ServiceURL.QueryItem, others: [String]) throws(RedisError) {
        switch item.name {
        case "db": database = try number(item)
        case "virtual_host":
            // As kombu writes the database of a socket; it may begin with a slash there.
            database = try number(ServiceURL.QueryItem(name: item.name, value: String(item.value.trimmingPrefixSlash)))
        case "username": user = item.value
        case "password": password = item.value
        case "socket_timeout": answerTimeout = min(Self.longestSilence, try seconds(item))
        case "socket_connect_timeout": connectTimeout = try seconds(item)
        case "client_name":
            // As CLIENT SETNAME demands.
            guard !item.value.isEmpty, item.value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw complaint("client_name must be a word of visible ASCII characters")
            }
            clientName = item.value
        case "protocol":
            guard item.value == "2" || item.value == "3" else { throw complaint("protocol must be 2 or 3") }
            protocolVersion = item.value == "3" ? 3 : 2
        case "credential_provider":
            throw complaint("credential_provider names a class of Python; write user and password in the URL")
        case _ where TLSTerms.optionNames.contains(item.name):
            if let problem = tls.take(item, scheme: "rediss") { throw complaint(problem) }
        case _ where Self.pythonOnly.contains(item.name): break
        default: throw complaint(item.unknown(among: Self.own + TLSTerms.optionNames + Self.pythonOnly + others))
        }
    }

    private func number(_ item: ServiceURL.QueryItem) throws(RedisError) -> Int {
        guard let number = Int(item.value), (0...65_535).contains(number) else {
            throw complaint("\(item.name) must be the number of a database")
        }
        return number
    }

    private func seconds(_ item: ServiceURL.QueryItem) throws(RedisError) -> Duration {
        guard let limit = item.timeLimit else { throw complaint(item.timeLimitProblem) }
        return limit
    }
}

extension String {
    fileprivate var trimmingPrefixSlash: Substring { hasPrefix("/") ? dropFirst() : self[...] }
}
