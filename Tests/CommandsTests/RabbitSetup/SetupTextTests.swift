import Arguments
import CeleryCore
import Processes
import Testing

@testable import Commands
@testable import Configuration

@Suite struct SetupTextTests {
    private let wish = SetupWish(
        user: "my user", vhost: "my/vhost", password: .given(Secret("mypassword")),
        queues: [QueueDefinition("celery", type: .quorum)], isQuorum: true)
    private var patterns: AccessPatterns { wish.permissions }
    private static let definitions = """
        {"exchanges":[\
        {"vhost":"my/vhost","name":"celery","type":"direct","durable":true,"auto_delete":false,"internal":false,"arguments":{}},\
        {"vhost":"my/vhost","name":"celeryev","type":"topic","durable":true,"auto_delete":false,"internal":false,"arguments":{}},\
        {"vhost":"my/vhost","name":"celeryresults","type":"direct","durable":true,"auto_delete":false,"internal":false,"arguments":{}}],\
        "queues":[{"vhost":"my/vhost","name":"celery","durable":true,"auto_delete":false,"arguments":{"x-queue-type":"quorum"}}],\
        "bindings":[{"vhost":"my/vhost","source":"celery","destination":"celery","destination_type":"queue","routing_key":"celery","arguments":{}}]}
        """

    private func lines(by way: some BrokerAdministration) -> [String] {
        SetupPlan(wish).steps.reduce(into: []) { $0 += way.shown($1) }
    }

    @Test func `shows rabbitmqctl's commands, to be pasted into a shell`() {
        let program = ControlProgram(program: "rabbitmqctl", environment: Environment())
        #expect(lines(by: program) == [
            "rabbitmqctl -q add_vhost my/vhost",
            "printf '%s\\n' '\(Self.definitions)' | rabbitmqctl -q import_definitions",
            "printf '%s\\n' '***' | rabbitmqctl -q add_user 'my user'",
            "rabbitmqctl -q set_permissions -p my/vhost 'my user' '\(patterns.configure)' '\(patterns.write)' '\(patterns.read)'",
        ])
        #expect(program.shown(.changePassword("u", Secret("p"), tags: [])) == ["printf '%s\\n' '***' | rabbitmqctl -q change_password u"])
    }

    @Test func `never puts a password among the arguments`() {
        let runs = (SetupPlan(wish).steps + [.changePassword("u", Secret("mypassword"), tags: [])]).map(ControlProgram.run)
        for run in runs { #expect(!run.arguments.joined(separator: " ").contains("mypassword")) }
        #expect(runs.filter { $0.input == .secret(Secret("mypassword")) }.count == 2)
    }

    @Test func `shows the requests to the management API`() throws {
        for (url, base) in [
            ("http://localhost:15672", "http://localhost:15672/api"), ("https://h/api/", "https://h/api"),
            ("http://u:p@h:1/some%20where", "http://h:1/some%20where/api"), ("http://[::1]:5/x/api", "http://[::1]:5/x/api"),
        ] {
            let service = ManagementService(try ServiceURL(url), as: .init(name: "a", password: Secret("b")))
            #expect(service.base == base)
            #expect(lines(by: service) == [
                "PUT \(base)/vhosts/my%2Fvhost",
                "POST \(base)/definitions \(Self.definitions)",
                "PUT \(base)/users/my%20user {\"password\":\"***\",\"tags\":\"\"}",
                "PUT \(base)/permissions/my%2Fvhost/my%20user "
                    + "{\"configure\":\"\(patterns.configure)\",\"write\":\"\(patterns.write)\",\"read\":\"\(patterns.read)\"}",
            ])
        }
    }

    @Test(arguments: [
        ("plain", "plain"), ("a/b.c-d_e@f:g%h,i+j=k", "a/b.c-d_e@f:g%h,i+j=k"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
        ("'", #"''\'''"#), ("$HOME `x` \"y\" \\", #"'$HOME `x` "y" \'"#), ("a\nb", "'a\nb'"), ("größe", "'größe'"), ("*", "'*'"),
    ])
    func `quotes words for a shell`(_ word: String, _ quoted: String) {
        #expect(ShellWord.quoted(word) == quoted)
    }

    @Test func `prints settings that lead to the broker`() throws {
        for (vhost, password) in [("myvhost", "mypassword"), ("/", "p\"a\\s's#"), ("a/b c", "größe \t=")] {
            var wish = SetupWish(
                user: "my user", vhost: vhost, password: .given(Secret(password)), queues: [QueueDefinition("celery"), QueueDefinition("images")],
                isQuorum: false)
            wish.namesQueues = true
            wish.isQuorum = vhost == "/"
            let lines = SettingsLines(wish, listener: .init(port: 5673, usesTLS: false), host: "localhost", password: Secret(password))
            let settings = try SettingsReader.resolve(
                text: lines.lines.joined(separator: "\n"), shown: "celery.toml", folder: "/p", file: "/p/celery.toml", [], [:], "/p").settings
            let url = try ServiceURL(settings.brokerURL)
            #expect(url == ServiceURL(scheme: "amqp", user: "my user", password: password, host: "localhost", port: 5673, path: "/" + vhost))
            #expect(settings.queues == ["celery", "images"])
            #expect(settings.queueType == (vhost == "/" ? .quorum : .classic))
        }
    }

    @Test func `prints the original's lines`() {
        let wish = SetupWish(user: "myuser", vhost: "myvhost", password: .generated(Secret("x")),
            queues: [QueueDefinition("celery", type: .quorum)], isQuorum: true)
        #expect(SettingsLines(wish, listener: nil, host: "localhost", password: nil).lines == [
            "AMQP_SERVER = \"localhost\"", "AMQP_PORT = 5672", "AMQP_USER = \"myuser\"",
            "# AMQP_PASSWORD = the password of myuser", "AMQP_VHOST = \"myvhost\"", "CELERY_DEFAULT_QUEUE_TYPE = \"quorum\"",
        ])
        let encrypted = SettingsLines(wish, listener: .init(port: 5671, usesTLS: true), host: "h", password: Secret("p/"))
        #expect(encrypted.lines[0] == "CELERY_BROKER_URL = \"amqps://myuser:p%2F@h:5671/myvhost\"")
    }

    /// What is printed for a user `u` with the password `p` on `v`, in view of a settings file.
    private func advice(_ file: String, quorum: Bool = false, queues: [String] = [], password: String? = "p") throws -> SettingsAdvice {
        var wish = SetupWish(
            user: "u", vhost: "v", password: .given(Secret("p")), queues: (["celery"] + queues).map { QueueDefinition($0) }, isQuorum: quorum)
        wish.namesQueues = !queues.isEmpty
        let secret = password.map(Secret.init)
        let lines = SettingsLines(wish, listener: nil, host: "localhost", password: secret)
        return SettingsAdvice(
            lines, wish, password: secret, try WrittenSettings(text: file, shown: "celery.toml", file: "/p/celery.toml"))
    }

    @Test(arguments: [
        "AMQP_USER = 'u'\nAMQP_PASSWORD = 'p'\nAMQP_VHOST = 'v'", "CELERY_BROKER_URL = 'amqp://u:p@h:1/v'",
        "BROKER_URL = 'amqps://u:p@h/v;amqp://u:p@g/w'\n[CELERY_QUEUES]\na = {}",
    ])
    func `has nothing to add to settings that lead there`(_ file: String) throws {
        let advice = try advice(file)
        #expect(advice.lines == [] && advice.hint == nil)
        #expect(advice.remark == "nothing to add to celery.toml: its settings already lead to this broker")
    }

    @Test func `adds what is missing`() throws {
        let some = try advice("AMQP_SERVER = 'localhost'\nAMQP_USER = 'u'\n", quorum: true)
        #expect(some.lines == ["AMQP_PASSWORD = \"p\"", "AMQP_VHOST = \"v\"", "CELERY_DEFAULT_QUEUE_TYPE = \"quorum\""])
        #expect(some.remark == "settings for celery.toml:" && some.hint == nil)
        #expect(try advice("AMQP_USER = 'u'\n", password: nil).lines == ["# AMQP_PASSWORD = the password of u", "AMQP_VHOST = \"v\""])
        let url = try advice("CELERY_BROKER_URL = 'amqp://u:p@h/v'\nCELERY_QUEUES = ['a', 'b']", quorum: true, queues: ["a"])
        #expect(url.lines == ["CELERY_DEFAULT_QUEUE_TYPE = \"quorum\""])
    }

    @Test(arguments: [
        ("CELERY_BROKER_URL = 'amqp://u:q@h/v'", "line 1"), ("\nCELERY_BROKER_URL = 'sqlite:x.db'", "line 2"),
        ("AMQP_USER = 'x'\nAMQP_PASSWORD = 'p'\nAMQP_VHOST = 'w'", "lines 1, 3"),
        ("AMQP_USER = 'u'\nAMQP_PASSWORD = 'q'\nAMQP_VHOST = 'v'\n[CELERY_QUEUES]\na={}", "line 2"),
    ])
    func `says which lines of the settings lead elsewhere`(_ file: String, _ lines: String) throws {
        let advice = try advice(file)
        #expect(advice.remark == "warning: celery.toml has other settings in \(lines)")
        #expect(advice.hint?.hasPrefix("replace th") == true)
        #expect(!advice.lines.isEmpty && advice.lines.allSatisfy { $0.hasPrefix("# ") })
    }

    @Test func `makes a different password each time`() {
        let passwords = Set((0..<20).map { _ in Secret.generated().text })
        #expect(passwords.count == 20)
        #expect(passwords.allSatisfy { $0.wholeMatch(of: #/[A-Za-z0-9]{32}/#) != nil })
        #expect("\(Secret("x"))" == "***")
    }

    @Test(arguments: [
        ("Error:\nUser \"x\" already exists\n", Int32(70), Int32(65), "cannot add user: User \"x\" already exists"),
        ("Error: unable to perform an operation on node 'rabbit@h'.", 69, 69, "finds no broker on this machine"),
        ("  * TCP connection succeeded but Erlang distribution failed", 69, 77, "is not permitted to connect to the broker as this user"),
        ("Only root or rabbitmq should run rabbitmqctl", 1, 77, "is not permitted to connect to the broker as this user"),
        ("\nCommand 'add_user' not found. \n", 64, 78, "does not know how to add user: Command 'add_user' not found. "),
        ("", 3, 65, "cannot add user: exit status 3"),
    ])
    func `understands why rabbitmqctl failed`(_ said: String, _ status: Int32, _ expected: Int32, _ message: String) {
        let error = ControlProgramFailure(
            program: "rabbitmqctl", arguments: ["-q", "add_user", "x"], status: .exited(status), printed: "", said: said).error
        #expect(error.status == expected)
        #expect(error.message == "rabbitmqctl \(message)")
    }

    @Test(arguments: [["--vhost", ""], ["--vhost", "a\nb"], ["--user", String(repeating: "x", count: 256)], ["--admin-user", "\u{7F}"]])
    func `refuses names that no broker takes`(_ words: [String]) {
        #expect(throws: ArgumentError.self) { try ArgumentParser.parse(["rabbit-setup"] + words, table: CeleryTable.table) }
    }

    @Test func `does not repeat a password it refuses`() throws {
        let parsed = try ArgumentParser.parse(["rabbit-setup", "--password", "se\ncret"], table: CeleryTable.table)
        #expect(parsed[RabbitSetupOptions.password] == "")
    }
}
