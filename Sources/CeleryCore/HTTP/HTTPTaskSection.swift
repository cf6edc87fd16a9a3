/// An HTTP task that a table `[task.NAME]` of the settings file defines.
package struct HTTPTaskSection: Sendable, Hashable {
    /// The name of the task.
    package var name: String
    /// The position of the table: `celery.toml:12`.
    package var place: String
    package var address: HTTPAddress
    package var method = HTTPMethod.post
    /// Header lines to send with each request, in the order of their names.
    package var headers: [Header] = []
    /// Seconds until a single request must be answered.
    package var timeout = 60.0
    /// The options of the task.
    package var options = OptionValues()

    package struct Header: Sendable, Hashable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(name: String, place: String, address: HTTPAddress) {
        self.name = name
        self.place = place
        self.address = address
    }
}

/// The methods of HTTP tasks.
package enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case get = "GET"
    case delete = "DELETE"

    /// Whether the arguments are in the body, not in the query.
    package var hasBody: Bool { self != .get && self != .delete }
}
