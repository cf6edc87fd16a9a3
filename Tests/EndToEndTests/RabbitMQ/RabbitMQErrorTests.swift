import Fixtures
import Testing

/// What keeps a command from a RabbitMQ broker, and how that is said.
@Suite(.blocking)
struct RabbitMQErrorTests {
    private func expect(
        _ place: RabbitMQPlace, _ url: String, options: String = "", _ status: Int32, _ reason: String, hint: String? = nil,
        with variables: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let ended = try place.run("celery apply demo.tasks.add 1 2 -b '\(url)' \(options)", with: variables, sourceLocation: sourceLocation)
        #expect(ended.status == status, "\(ended)", sourceLocation: sourceLocation)
        #expect(ended.output == "", sourceLocation: sourceLocation)
        for secret in ["celery-secret", "hush"] { #expect(!ended.errors.contains(secret), "a password", sourceLocation: sourceLocation) }
        // The options of a URL are not part of the place.
        let shown = Self.redacted(url)
        let text = reason.replacing("URL", with: shown)
        #expect(ended.errors.hasPrefix("celery apply: \(text)"), "\(ended.errors)", sourceLocation: sourceLocation)
        #expect(ended.errors.contains(shown), "\(ended.errors)", sourceLocation: sourceLocation)
        if let hint { #expect(ended.errors.contains("\nhint: \(hint)"), "\(ended.errors)", sourceLocation: sourceLocation) }
    }

    private static func redacted(_ url: String) -> String {
        String(url.prefix { $0 != "?" }).replacing("celery-secret", with: "***").replacing("hush", with: "***")
    }

    @Test func `77 for a password, or a virtual host one may not enter`() throws {
        let place = try RabbitMQPlace()
        try expect(
            place, place.url("celery:hush"), 77, "cannot reach broker URL: it refuses user 'celery' with this password", hint: "check user and password in the URL")
        try expect(place, place.url("nobody:hush"), 77, "cannot reach broker URL: it refuses user 'nobody' with this password")
        try expect(
            place, place.server.url(vhost: "/"), 77, "cannot reach broker URL: access to vhost '/' refused for user 'celery'",
            hint: "grant access: celery rabbit-setup --user celery --vhost /\n")
    }

    @Test func `78 for a virtual host that is not there`() throws {
        let place = try RabbitMQPlace()
        try expect(
            place, place.server.url(vhost: "nowhere"), 78, "cannot reach broker URL: vhost nowhere not found",
            hint: "create it: celery rabbit-setup --user celery --vhost nowhere\n")
    }

    @Test func `78 for a queue that was made otherwise`() throws {
        let place = try RabbitMQPlace()
        try place.server.api.expect("PUT", "queues/\(place.vhost)/odd", body: #"{"durable": false}"#)
        let reason = "broker URL: inequivalent arg 'durable' for queue 'odd'"
        try expect(place, place.url, options: "--queue odd", 78, reason, hint: "make the settings match the queue")
        // The worker says the same.
        let worker = try place.run("celery celeryd --burst -Q odd")
        #expect(worker.status == 78)
        #expect(worker.errors.contains("celery celeryd: broker \(Self.redacted(place.url)): inequivalent arg 'durable'"), "\(worker)")
    }

    @Test func `77 for a queue one may not declare`() throws {
        let place = try RabbitMQPlace()
        let user = "weak-\(place.vhost)"
        try place.server.api.expect("PUT", "users/\(user)", body: #"{"password": "hush", "tags": ""}"#)
        try place.server.api.expect(
            "PUT", "permissions/\(place.vhost)/\(user)", body: #"{"configure": "^$", "write": ".*", "read": ".*"}"#)
        defer { _ = try? place.server.api.request("DELETE", "users/\(user)") }
        try expect(place, place.url("\(user):hush"), 77, "broker URL: access to exchange 'celery' in vhost '\(place.vhost)' refused",
            hint: "grant the permissions that workers need: celery rabbit-setup --user \(user) --vhost \(place.vhost) (list your own queues in CELERY_QUEUES")
        let worker = try place.run("celery celeryd --burst", with: place.variables(place.url("\(user):hush")))
        #expect(worker.status == 77, "\(worker)")
    }

    @Test func `69 where nobody listens, or no host is`() throws {
        let place = try RabbitMQPlace()
        let hint = "start RabbitMQ, or name another broker with --broker URL"
        try expect(place, place.url("celery:hush", port: 1), 69, "cannot reach broker URL: connection refused", hint: hint)
        try expect(
            place, place.url("celery:hush", host: "no.such.host.invalid"), 69,
            "cannot reach broker URL: unknown host 'no.such.host.invalid'", hint: hint)
        // Of alternatives, each is named.
        let ended = try place.run("celery apply demo.tasks.add 1 -b '\(place.url("a:hush", port: 1));\(place.url("b:hush", port: 2))'")
        let urls = [("a", 1), ("b", 2)].map { "amqp://\($0)@127.0.0.1:\($1)/\(place.vhost)".replacing("@", with: ":***@") }
        #expect(ended == Ended(
            errors: "celery apply: " + urls.map { "cannot reach broker \($0): connection refused" }.joined(separator: "; ")
                + "\nhint: \(hint)\n", status: 69))
    }

    @Test func `69 for a server that says nothing, within the time for connecting`() throws {
        let place = try RabbitMQPlace()
        let server = try FakeServer()
        let clock = ContinuousClock()
        let time = try clock.measure {
            try expect(
                place, place.url("celery:hush", port: server.port, "?connection_timeout=1"), 69,
                "cannot reach broker URL: it accepts connections but does not answer")
            try expect(
                place, place.tlsURL("?connection_timeout=1", port: server.port), 69, "cannot reach broker URL: no answer within 1 s")
        }
        #expect(time < .seconds(8).onThisMachine)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "AMQP\u{1}\u{1}\u{8}\u{0}", "SSH-2.0-OpenSSH_9.2\r\n", "",
        "AMQP", "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{7F}\u{7F}\u{7F}",
    ])
    func `69 for a server that speaks something else`(_ answer: String) throws {
        let place = try RabbitMQPlace()
        let server = try FakeServer(answer: answer)
        // More than enough: it answers at once.
        try expect(
            place, place.url("celery:hush", port: server.port, "?connection_timeout=20"), 69, "cannot reach broker URL: it ",
            hint: "start RabbitMQ")
        try expect(
            place, place.tlsURL("?connection_timeout=20", port: server.port), 69, "cannot reach broker URL: the TLS handshake failed")
    }

    @Test func `78 for options that make no sense`() throws {
        let place = try RabbitMQPlace()
        for (options, reason) in [
            ("?frame_max=100", "frame_max must be a whole number from 4096"), ("?frame_mux=5000", "unknown option 'frame_mux'"),
            ("?heartbeat=soon", "heartbeat must be a whole number"), ("?cacertfile=/x", "cacertfile needs amqps://"),
        ] {
            try expect(place, place.url + options, 78, "broker URL: \(reason)")
        }
    }

    /// Four lines, of which the second and the fourth go to a queue that was made otherwise.
    private static let batch = (1...4).map {
        #"{"task": "demo.tasks.add", "args": [1], "id": "t\#($0)"\#($0 % 2 == 0 ? ", \"queue\": \"odd\"" : "")}"#
    }.joined(separator: "\n")

    @Test func `names the line of a batch that is refused, and those that were not sent`() throws {
        let place = try RabbitMQPlace()
        try place.server.api.expect("PUT", "queues/\(place.vhost)/odd", body: #"{"durable": false}"#)
        try place.project.write(Self.batch, to: "batch")
        let reason = "broker \(place.shown): inequivalent arg 'durable' for queue 'odd' in vhost '\(place.vhost)': received 'true' but current is 'false'"
        let ended = try place.run("celery apply --batch batch")
        #expect(ended.output == "t1\n")
        #expect(ended.errors.hasPrefix("celery apply: batch, line 2: \(reason); not sent: lines 2-4\nhint: make the settings match the queue"), "\(ended)")
        #expect(ended.status == 78)
        #expect(try place.depth() ?? 0 >= 1)

        let skipping = try place.run("celery apply --batch batch --skip-bad")
        #expect(skipping == Ended(
            "t1\nt3\n", errors: "celery apply: batch, line 2: \(reason)\ncelery apply: batch, line 4: \(reason)\n", status: 65))
    }

    @Test func `leaves out every line that no queue gets, and no other`() throws {
        let place = try RabbitMQPlace()
        _ = try place.run("celery apply demo.tasks.add 1").text
        let lines = (1...40).map {
            #"{"task": "demo.tasks.add", "id": "t\#($0)"\#($0 % 10 == 0 ? ", \"exchange\": \"celery\", \"routing_key\": \"nowhere\"" : "")}"#
        }
        try place.project.write(lines.joined(separator: "\n"), to: "batch")
        let ended = try place.run("celery apply --batch batch --skip-bad")
        #expect(ended.lines == (1...40).filter { $0 % 10 != 0 }.map { "t\($0)" })
        let reason = "broker \(place.shown): no queue receives messages for exchange 'celery' with routing key 'nowhere'\n"
        #expect(ended.errors == [10, 20, 30, 40].map { "celery apply: batch, line \($0): \(reason)" }.joined())
        #expect(ended.status == 65)
        #expect(try place.depth() == 37)
    }

    @Test func `78 for a key, which RabbitMQ cannot remember`() throws {
        let place = try RabbitMQPlace()
        try place.project.expect("celery apply demo.tasks.add 1 --key k", with: place.variables(), Ended(
            errors: """
                celery apply: \(place.shown) cannot submit by key
                hint: leave out --key, or name a broker that remembers keys, as --broker sqlite:///PATH

                """, status: 78))
    }

    @Test func `65 for a message that no queue gets`() throws {
        let place = try RabbitMQPlace()
        try expect(place, place.url, options: "--exchange nosuch --routing-key x", 65, "broker URL: no exchange 'nosuch'")
        #expect(try place.run("celery apply demo.tasks.add 1 2").status == 0)
        try expect(
            place, place.url, options: "--exchange celery --routing-key nowhere", 65,
            "broker URL: no queue receives messages for exchange 'celery' with routing key 'nowhere'")
        #expect(try place.depth() == 1)
    }

    @Test func `65 for what nobody may do, whatever the permissions`() throws {
        let place = try RabbitMQPlace()
        try place.server.api.expect("PUT", "exchanges/\(place.vhost)/inner", body: #"{"type": "direct", "internal": true}"#)
        let options = "--exchange inner --routing-key x"
        try expect(place, place.url, options: options, 65, "broker URL: cannot publish to internal exchange 'inner'")
        #expect(try !place.run("celery apply demo.tasks.add \(options)").errors.contains("hint:"))
    }

    @Test func `64 for names that no broker takes, and nothing is sent`() throws {
        let place = try RabbitMQPlace()
        let long = String(repeating: "k", count: 256)
        for (options, reason) in [
            ("--queue amq.own", "one that does not begin with amq."), ("--queue \(long)", "up to 255 bytes"),
            ("--exchange celery --routing-key \(long)", "up to 255 bytes"), ("--exchange \(long) --routing-key x", "up to 255 bytes"),
        ] {
            let ended = try place.run("celery apply demo.tasks.add \(options)")
            #expect(ended.status == 64 && ended.output.isEmpty && ended.errors.contains("write \(reason)"), "\(ended)")
        }
        #expect(try place.run("celery apply demo.tasks.add 1").status == 0)
        #expect(try place.depth() == 1)
    }

    @Test func `purge says which queues it means, and which are not there`() throws {
        let place = try RabbitMQPlace()
        let queues = ["CELERY_QUEUES": "celery,images"]
        for line in ["add 1", "add 1 -Q images", "add 1 --countdown 1h"] { _ = try place.run("celery apply demo.tasks.\(line)").text }
        try place.project.expect("celery purge", with: place.variables().merging(queues) { $1 }, Ended(
            errors: "celery purge: this would erase all messages waiting in queues celery, images\nhint: add --force to confirm\n", status: 64))
        #expect(try place.run("celery purge --force", with: queues) == Ended("Erased 2 messages from queues celery, images.\n"))
        #expect(try place.run("celery purge -Q celery --force", with: queues) == Ended("Erased 0 messages from queue celery.\n"))
        #expect(try place.run("celery purge -Q nosuch,celery --force") == Ended(
            "Erased 0 messages from queues nosuch, celery.\n",
            errors: "celery purge: there is no queue 'nosuch' at \(place.shown)\n", status: 127))
    }

    @Test func `65 at once for what AMQP has no room for`() throws {
        let place = try RabbitMQPlace()
        let long = String(repeating: "k", count: 256)
        let patience = ["CELERY_PUBLISH_TIMEOUT": "20"]
        let time = try ContinuousClock().measure {
            try expect(place, place.url, options: "--header \(long)=1", 65, "broker URL: the header 'kkkk", with: patience)
        }
        #expect(time < .seconds(15).onThisMachine)
        try expect(
            place, place.url, options: "--header a=$(printf %070000d 1) --header b=$(printf %070000d 1)", 65, "broker URL: the headers take 14")
        #expect(try place.run("celery apply demo.tasks.add 1 2 --header a=$(printf %0120000d 1)").status == 0)
        // One of a batch does not hurt the others.
        try place.project.write(
            (0..<3).map { #"{"task": "demo.tasks.add", "args": [1], "headers": {"\#($0 == 1 ? long : "k")": 1}}"# }.joined(separator: "\n"),
            to: "batch")
        let batch = try place.run("celery apply --batch batch")
        #expect(batch.status == 65, "\(batch)")
        #expect(try place.depth() == 3)
    }
}
