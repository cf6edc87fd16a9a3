import Fixtures
import Glibc
import Processes
import Testing

/// The shared RabbitMQ server, with a user and a virtual host that are not there yet and go away with the test.
final class BrokerToSetUp: Sendable {

    let server: RabbitMQServer
    let project: Project
    let user: String
    let vhost: String

    init() throws {
        server = try .shared
        project = try Project()
        user = "user-\(UInt64.random(in: 0 ... .max))"
        vhost = "vhost-\(UInt64.random(in: 0 ... .max))"
    }

    deinit {
        _ = try? server.api.request("DELETE", "vhosts/\(vhost)")
        _ = try? server.api.request("DELETE", "users/\(user)")
    }

    /// The URL for `--api`, as this administrator.
    func api(_ credentials: String = "guest:guest") -> String { "http://\(credentials)@127.0.0.1:\(server.api.port)" }

    /// The options that lead to the broker in either way.
    enum Way: String, CaseIterable, Sendable { case control, api }

    func options(_ way: Way) -> String {
        switch way {
        case .control: "--rabbitmqctl \(server.control)"
        case .api: "--api \(api())"
        }
    }

    /// Runs `celery rabbit-setup` for the user and virtual host.
    func setUp(_ options: String, input: String? = nil, with variables: [String: String] = [:]) throws -> Ended {
        try project.run("celery rabbit-setup --user \(user) --vhost \(vhost) \(options)", input: input, with: variables)
    }

    /// A `rabbitmqctl` with surroundings of its own.
    func writeControl(_ text: String) throws -> String {
        try project.write("#!/bin/sh\n\(text)\n", to: "ctl", mode: "755")
        return "\(project.path)/ctl"
    }

    /// Everything the broker knows, but for what time changes.
    func definitions() throws -> String {
        try server.api.expect("GET", "definitions/\(vhost)") + server.api.expect("GET", "users/\(user)")
            + server.api.expect("GET", "permissions/\(vhost)/\(user)")
    }

    /// The management API as the user, who for this gets the tag it asks for.
    func asUser(_ password: String) throws -> ManagementAPI {
        try server.api.expect("PUT", "users/\(user)", body: #"{"password": "\#(password)", "tags": "management"}"#)
        return server.api.as(user, password)
    }
}
