import Fixtures
import Testing

/// `celery rabbit-setup` against a real broker.
@Suite(.blocking)
struct RabbitSetupTests {
    @Test(arguments: BrokerToSetUp.Way.allCases)
    func `sets up everything from nothing, and nothing twice`(_ way: BrokerToSetUp.Way) throws {
        let broker = try BrokerToSetUp()
        let first = try broker.setUp(broker.options(way))
        #expect(first.status == 0, "\(first)")
        let host = way == .control ? "localhost" : "127.0.0.1"
        let password = try #require(first.output.firstMatch(of: #/AMQP_PASSWORD = "([A-Za-z0-9]{32})"/#)?.1)
        #expect(first.lines == [
            "AMQP_SERVER = \"\(host)\"", "AMQP_PORT = \(broker.server.port)", "AMQP_USER = \"\(broker.user)\"",
            "AMQP_PASSWORD = \"\(password)\"", "AMQP_VHOST = \"\(broker.vhost)\"",
        ])
        let report = [
            "virtual host \(broker.vhost)", "exchange celery", "exchange celeryev", "exchange celeryresults", "queue celery",
            "user \(broker.user)", "permissions of \(broker.user)",
        ]
        #expect(first.errors == report.map { "\($0): created\n" }.joined() + "settings for celery.toml:\n")
        let made = try broker.definitions()
        // Both ways see what either made.
        for again in BrokerToSetUp.Way.allCases {
            let second = try broker.setUp(broker.options(again))
            #expect(second.status == 0, "\(second)")
            #expect(second.errors == report.map { "\($0): already there\n" }.joined() + "settings for celery.toml:\n")
            #expect(second.line(3) == "# AMQP_PASSWORD = the password of \(broker.user)")
            #expect(try broker.definitions() == made)
        }
        #expect(made.contains(#""name":"celery""#))
    }

    @Test(arguments: BrokerToSetUp.Way.allCases)
    func `makes quorum queues, and does not mix them with classic ones`(_ way: BrokerToSetUp.Way) throws {
        let broker = try BrokerToSetUp()
        let ended = try broker.setUp("\(broker.options(way)) --quorum -Q images,mail -q")
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.errors == "")
        #expect(ended.lines.suffix(2) == [
            #"CELERY_QUEUES = ["celery", "images", "mail"]"#, #"CELERY_DEFAULT_QUEUE_TYPE = "quorum""#,
        ])
        for queue in ["celery", "images", "mail"] {
            let body = try broker.server.api.expect("GET", "queues/\(broker.vhost)/\(queue)")
            #expect(body.contains(#""x-queue-type":"quorum""#))
        }
        let made = try broker.definitions()
        let refused = try broker.setUp(broker.options(way))
        #expect(refused.status == 65)
        #expect(refused.errors.hasPrefix(
            "celery rabbit-setup: queue 'celery' on virtual host '\(broker.vhost)' is a quorum queue, not a classic one; nothing was changed\nhint: "))
        #expect(try broker.definitions() == made)
        #expect(try broker.setUp("\(broker.options(way)) --quorum -Q images,mail").errors.contains("created") == false)
    }

    @Test func `refuses a queue that is there with other properties, before it makes anything`() throws {
        let broker = try BrokerToSetUp()
        let api = broker.server.api
        try api.expect("PUT", "vhosts/\(broker.vhost)")
        try api.expect("PUT", "queues/\(broker.vhost)/celery", body: #"{"durable": false}"#)
        for way in BrokerToSetUp.Way.allCases {
            let ended = try broker.setUp(broker.options(way))
            #expect(ended.status == 65)
            #expect(ended.errors.contains("queue 'celery' on virtual host '\(broker.vhost)' is not durable; nothing was changed"))
        }
        #expect(try api.request("GET", "users/\(broker.user)").status == 404)
        #expect(try api.request("GET", "exchanges/\(broker.vhost)/celery").status == 404)
    }

    @Test func `makes what is missing of a broker that has a part`() throws {
        let broker = try BrokerToSetUp()
        let api = broker.server.api
        try api.expect("PUT", "vhosts/\(broker.vhost)")
        try api.expect("PUT", "queues/\(broker.vhost)/celery", body: #"{"durable": true, "arguments": {"x-max-length": 5}}"#)
        try api.expect("PUT", "users/\(broker.user)", body: #"{"password": "p", "tags": "policymaker"}"#)
        try api.expect(
            "PUT", "permissions/\(broker.vhost)/\(broker.user)", body: #"{"configure": "", "write": ".*", "read": ".*"}"#)
        let ended = try broker.setUp(broker.options(.control))
        #expect(ended.status == 0)
        #expect(ended.errors == """
            virtual host \(broker.vhost): already there
            exchange celery: created
            exchange celeryev: created
            exchange celeryresults: created
            queue celery: already there (with x-max-length=5, which workers must also declare)
            binding celery: created
            user \(broker.user): already there
            permissions of \(broker.user): changed (they were '' '.*' '.*')
            settings for celery.toml:

            """)
        #expect(try api.expect("GET", "users/\(broker.user)").contains("policymaker"))
    }

    @Test(arguments: BrokerToSetUp.Way.allCases)
    func `changes the password of a user who is there only when one is given`(_ way: BrokerToSetUp.Way) throws {
        let broker = try BrokerToSetUp()
        // Of letters that a shell, HTTP and TOML would each like to touch.
        let odd = #"größe "$x` \%/"#
        #expect(try broker.setUp("\(broker.options(way)) --password-file -", input: odd + "\r\nmore\n").status == 0)
        func logsIn(_ password: String) throws -> Bool {
            try broker.project.run("\"$CTL\" authenticate_user \(broker.user) \"$PASSWORD\"", with: ["CTL": broker.server.control, "PASSWORD": password])
                .status == 0
        }
        #expect(try logsIn(odd))
        #expect(try broker.setUp(broker.options(way)).status == 0)
        #expect(try logsIn(odd))
        let changed = try broker.setUp("\(broker.options(way)) --password other")
        #expect(changed.errors.contains("user \(broker.user): changed (password set)\n"))
        #expect(changed.lines.contains("AMQP_PASSWORD = \"other\""))
        #expect(try logsIn("other"))
        #expect(try !logsIn(odd))
    }

    @Test func `takes names and password from the settings of the project`() throws {
        let broker = try BrokerToSetUp()
        try broker.project.write(
            """
            INSTALLED_APPS = ["demo"]
            AMQP_SERVER = "rabbit.example.com"
            AMQP_USER = "\(broker.user)"
            AMQP_PASSWORD = "mypassword"
            AMQP_VHOST = "\(broker.vhost)"
            CELERY_QUEUE_MAX_PRIORITY = 10
            [CELERY_QUEUES]
            images = { exchange = "media", exchange_type = "topic", routing_key = "images.#" }
            """, to: "celery.toml")
        for _ in 1...2 {
            let ended = try broker.project.run("celery rabbit-setup --api \(broker.api())")
            #expect(ended.output == "")
            #expect(ended.errors.hasSuffix("\nnothing to add to celery.toml: its settings already lead to this broker\n"), "\(ended)")
        }
        #expect(try broker.project.run("celery rabbit-setup --api \(broker.api()) --json").lines.last == """
            {"settings":{"AMQP_SERVER":"rabbit.example.com","AMQP_PORT":5672,"AMQP_USER":"\(broker.user)",\
            "AMQP_PASSWORD":"mypassword","AMQP_VHOST":"\(broker.vhost)"}}
            """)
        let api = broker.server.api
        #expect(try api.expect("GET", "queues/\(broker.vhost)/images").contains(#""x-max-priority":10"#))
        #expect(try api.expect("GET", "exchanges/\(broker.vhost)/media").contains(#""type":"topic""#))
        #expect(try api.expect("GET", "bindings/\(broker.vhost)/e/media/q/images").contains(#""routing_key":"images.#""#))
        #expect(try broker.project.run("\(broker.server.control) authenticate_user \(broker.user) mypassword").status == 0)
    }

    @Test func `what it prints may be appended to the settings, again and again`() throws {
        let broker = try BrokerToSetUp()
        let former = broker.project.read("celery.toml")
        let line = "celery rabbit-setup --user \(broker.user) --vhost \(broker.vhost) --api \(broker.api()) >>celery.toml"
        #expect(try broker.project.run(line).status == 0)
        let written = broker.project.read("celery.toml")
        #expect(written.hasPrefix(former) && written.contains("AMQP_PASSWORD"))
        #expect(try broker.project.run(line).errors.hasSuffix("nothing to add to celery.toml: its settings already lead to this broker\n"))
        #expect(broker.project.read("celery.toml") == written)
        #expect(try broker.project.run("celery apply demo.tasks.add 1 2").status == 0)

        // Another broker is named there.
        try broker.project.write("INSTALLED_APPS = [\"demo\"]\nCELERY_BROKER_URL = \"amqp://other:hush@127.0.0.1/there\"\n", to: "celery.toml")
        let other = try broker.project.run(line + " -Q celery,images")
        #expect(other.status == 0)
        #expect(other.errors.hasSuffix("""

            celery rabbit-setup: warning: celery.toml has other settings in line 2
            hint: replace that line with these, without the #

            """), "\(other)")
        #expect(broker.project.read("celery.toml").contains("\n# AMQP_VHOST = \"\(broker.vhost)\"\n# CELERY_QUEUES = "))
        #expect(try broker.project.run("celery queues -b sqlite:x.db").status == 0)

        // A table is at the end.
        try broker.project.write("INSTALLED_APPS = [\"demo\"]\n\n[CELERY_QUEUES]\nimages = {}\n", to: "celery.toml")
        let table = try broker.project.run(line)
        #expect(table.errors.hasSuffix("""

            celery rabbit-setup: warning: celery.toml ends in a table, which would include lines appended to the file
            hint: put these lines before line 3, where the first table begins, without the #

            """), "\(table)")
        #expect(try broker.project.run("celery queues -b sqlite:x.db").status == 0)
    }

    @Test func `prints objects with --json`() throws {
        let broker = try BrokerToSetUp()
        let lines = try broker.setUp("\(broker.options(.api)) --json --password p").lines
        #expect(lines.first == #"{"object":"virtual host","name":"\#(broker.vhost)","state":"created"}"#)
        #expect(lines.count == 8)
        #expect(lines.last == """
            {"settings":{"AMQP_SERVER":"127.0.0.1","AMQP_PORT":\(broker.server.port),"AMQP_USER":"\(broker.user)",\
            "AMQP_PASSWORD":"p","AMQP_VHOST":"\(broker.vhost)"}}
            """)
    }

    @Test func `keeps passwords off the command line of rabbitmqctl, and lets it do no more than it must`() throws {
        let broker = try BrokerToSetUp()
        let control = try broker.writeControl("echo \"$*\" >>\"$(dirname \"$0\")/log\"\nexec \(broker.server.control) \"$@\"")
        #expect(try broker.setUp("--rabbitmqctl \(control) --password topsecret").status == 0)
        #expect(try broker.setUp("--rabbitmqctl \(control)").status == 0)
        let log = broker.project.read("log")
        #expect(!log.contains("topsecret"))
        let verbs = log.split(separator: "\n").map { $0.replacing("-q ", with: "").prefix { $0 != " " } }
        let look: [Substring] = ["list_permissions", "list_exchanges", "list_queues", "list_bindings"]
        #expect(verbs.suffix(7) == ["status", "list_users", "list_vhosts"] + look)
        #expect(verbs.filter { !$0.hasPrefix("list") && $0 != "status" } == ["add_vhost", "import_definitions", "add_user", "set_permissions"])
    }

    @Test func `what a dry run prints sets up a broker`() throws {
        let broker = try BrokerToSetUp()
        let dry = try broker.setUp("--dry-run")
        #expect(dry.status == 0)
        #expect(dry.errors == "")
        #expect(dry.lines.allSatisfy { $0.contains("rabbitmqctl -q ") })
        #expect(try broker.server.api.request("GET", "vhosts/\(broker.vhost)").status == 404)
        try broker.project.write(dry.output.replacing("rabbitmqctl ", with: "\(broker.server.control) "), to: "commands")
        #expect(try broker.project.run("sh -e commands").status == 0)
        // The password is not the one it wants, but all else is.
        let ended = try broker.setUp(broker.options(.api))
        #expect(!ended.errors.contains("created") && !ended.errors.contains("changed"), "\(ended)")
    }
}
