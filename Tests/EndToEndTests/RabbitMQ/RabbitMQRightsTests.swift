import Fixtures
import Testing

/// What a user without rights at a RabbitMQ server is told by commands that give orders.
@Suite(.blocking) struct RabbitMQRightsTests {
    @Test(arguments: [
        ("revoke some-id", "exchange 'celery.pidbox'", ""), ("revoke --task demo.tasks.add", "queue 'celery.orders'", ""),
        ("queues pause celery", "queue 'celery.orders'", "cannot keep commands for workers: "),
        ("control shutdown", "exchange 'celery.pidbox'", ""),
    ])
    func `77, and what makes the rights`(_ command: String, _ object: String, _ intent: String) throws {
        let place = try RabbitMQPlace()
        let user = "weak-\(place.vhost)"
        try place.server.api.expect("PUT", "users/\(user)", body: #"{"password": "hush", "tags": ""}"#)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/\(user)", body: #"{"configure": "^$", "write": ".*", "read": ".*"}"#)
        let url = place.url("\(user):hush")
        let ended = try place.run("celery \(command)", with: place.variables(url))
        #expect(ended.status == 77 && ended.output == "", "\(ended)")
        let name = command.hasPrefix("queues") ? "queues pause" : String(command.prefix { $0 != " " })
        let shown = url.replacing("hush", with: "***")
        #expect(
            ended.errors.hasPrefix("celery \(name): \(intent)broker \(shown): access to \(object) in vhost '\(place.vhost)' refused for user"),
            "\(ended)")
        #expect(ended.errors.components(of: shown) == 1, "\(ended)")
        #expect(ended.errors.contains("\nhint: grant the permissions that workers need: celery rabbit-setup --user \(user) --vhost \(place.vhost)"), "\(ended)")
    }

    @Test(arguments: ["queues", "stats", "stats --reset --force", "purge --force", "purge --force -Q celery"])
    func `77 for looking at what one may not read, also where nothing is there`(_ command: String) throws {
        let place = try RabbitMQPlace()
        let user = "blind-\(place.vhost)"
        try place.server.api.expect("PUT", "users/\(user)", body: #"{"password": "hush", "tags": ""}"#)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/\(user)", body: #"{"configure": "^$", "write": "^$", "read": "^$"}"#)
        let url = place.url("\(user):hush")
        let ended = try place.run("celery \(command)", with: place.variables(url))
        #expect(ended.status == 77 && ended.output == "", "\(ended)")
        let name = command.prefix { $0 != " " }
        let queue = name == "stats" ? "celery.statistics" : "celery"
        #expect(
            ended.errors.hasPrefix(
                "celery \(name): broker \(url.replacing("hush", with: "***")): access to queue '\(queue)' in vhost '\(place.vhost)' refused for user"),
            "\(ended)")
        // Whoever may read is told that there is nothing.
        #expect(try place.run("celery \(command.replacing(" -Q celery", with: ""))").status == 0)
    }
}

extension String {
    /// How often a text is in it.
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
