import CeleryCore
import Fixtures
import Glibc
import Testing

@testable import Configuration

@Suite struct SettingsErrorTests {
    @Test(arguments: [
        // Names
        ("\n\nCELERY_BROKR_URL = ''", "celery.toml:3: unknown setting 'CELERY_BROKR_URL'; did you mean 'CELERY_BROKER_URL'?"),
        ("FROBNICATE = 1", "celery.toml:1: unknown setting 'FROBNICATE'"),
        ("celeryd_concurrency = 1", "celery.toml:1: unknown setting 'celeryd_concurrency'; did you mean 'CELERYD_CONCURRENCY'?"),
        ("\n\nCELERY_ALWAYS_EAGER = true", "celery.toml:3: CELERY_ALWAYS_EAGER is not supported by this version"),
        ("\n[beats.daily]\ntask = 'x'", "celery.toml:2: unknown setting 'beats'; did you mean 'beat'?"),
        ("CELERYBEAT_SCHEDULE = {}", "celery.toml:1: [CELERYBEAT_SCHEDULE] is not supported by this version"),
        ("DEBUG = true", "celery.toml:1: DEBUG is not supported by this version"),
        ("[worker]\nCELERYD_PREFETCH = 1", "celery.toml:1: unknown setting 'worker'"),
        // Values
        ("\nAMQP_PORT = 'abc'", "celery.toml:2: AMQP_PORT must be a whole number, not \"abc\""),
        ("AMQP_PORT = 70000", "celery.toml:1: AMQP_PORT must be from 1 to 65535, not 70000"),
        ("BROKER_PORT = 0", "celery.toml:1: BROKER_PORT must be from 1 to 65535, not 0"),
        ("AMQP_PORT = 5672.5", "celery.toml:1: AMQP_PORT must be a whole number, not 5672.5"),
        ("AMQP_SERVER = 'a:1'", "celery.toml:1: AMQP_SERVER must be a host name alone; the port belongs in AMQP_PORT"),
        ("AMQP_SERVER = 'amqp://u:secret@h'", "celery.toml:1: AMQP_SERVER must be a host name, not \"amqp://u:***@h\""),
        ("CELERY_BROKER_URL = 'amqp//u:secret@h'", "celery.toml:1: CELERY_BROKER_URL is invalid: 'amqp//u:***@h' is not a URL: it has no scheme such as amqp://"),
        ("CELERY_QUEUES = ['amq.x']", "celery.toml:1: CELERY_QUEUES contains a value that must be the name of a queue, one that does not begin with amq., which RabbitMQ reserves, not \"amq.x\""),
        (
            "[CELERY_QUEUES.a]\nexchange = \"a\\nb\"",
            "celery.toml:1: CELERY_QUEUES says of queue 'a' that exchange must be the name of an exchange, up to 255 bytes without control characters, not \"a\nb\""
        ),
        ("AMQP_SERVER = 'a/b'", "celery.toml:1: AMQP_SERVER must be a host name, not \"a/b\""),
        ("AMQP_PASSWORD = 1234", "celery.toml:1: AMQP_PASSWORD must be text in quotes, not a whole number"),
        ("CELERYD_CONCURRENCY = -1", "celery.toml:1: CELERYD_CONCURRENCY must be from 0 to 10000, not -1"),
        ("CELERYD_CONCURRENCY = true", "celery.toml:1: CELERYD_CONCURRENCY must be a whole number, not true"),
        ("CELERYD_MAX_TASKS_PER_CHILD = -2", "celery.toml:1: CELERYD_MAX_TASKS_PER_CHILD must be 0 or more, not -2"),
        ("CELERYD_TASK_TIME_LIMIT = -1", "celery.toml:1: CELERYD_TASK_TIME_LIMIT must be seconds, or text such as \"10m\", not -1"),
        ("CELERYD_TASK_TIME_LIMIT = nan", "celery.toml:1: CELERYD_TASK_TIME_LIMIT must be seconds, or text such as \"10m\", not nan"),
        ("CELERY_TASK_RESULT_EXPIRES = 'soon'", "celery.toml:1: CELERY_TASK_RESULT_EXPIRES must be seconds, or text such as \"10m\", not \"soon\""),
        ("CELERYD_MAX_OUTPUT_BYTES = 0", "celery.toml:1: CELERYD_MAX_OUTPUT_BYTES must be a number of bytes such as 65536 or \"16m\", not 0"),
        ("CELERYD_LOG_FILE = ''", "celery.toml:1: CELERYD_LOG_FILE must name a file"),
        (
            "CELERYD_LOG_LEVEL = 'DEBG'",
            "celery.toml:1: CELERYD_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, WARN, FATAL, not \"DEBG\"; did you mean \"DEBUG\"?"
        ),
        ("CELERY_QUEUES = 'a'", "celery.toml:1: CELERY_QUEUES must be a list such as [\"a\", \"b\"], not \"a\""),
        (
            "CELERY_QUEUES = ['a', 'b c']",
            "celery.toml:1: CELERY_QUEUES contains a value that must be the name of a queue, up to 255 bytes without spaces or commas, not \"b c\""
        ),
        ("INSTALLED_APPS = [1]", "celery.toml:1: INSTALLED_APPS contains a value that must be text in quotes, not a whole number"),
        ("CELERY_IGNORE_RESULT = 'yes'", "celery.toml:1: CELERY_IGNORE_RESULT must be true or false, not \"yes\""),
        ("CELERY_DEFAULT_QUEUE = 10:00:00", "celery.toml:1: CELERY_DEFAULT_QUEUE must be text in quotes, not a date or time"),
        ("CELERY_DEFAULT_QUEUE = 2020-01-01", "celery.toml:1: CELERY_DEFAULT_QUEUE must be text in quotes, not a date or time"),
        ("\nAMQP_PORT =\n", "celery.toml:2: not valid TOML: expected a value, not the end of the line (column 12)"),
        ("AMQP_SERVER = localhost", "celery.toml:1: not valid TOML: expected a value; text must stand in quotes (column 15)"),
        ("\nAMQP_SERVER = \"a\\u0000b\"", "celery.toml:2: a NUL is not allowed in a settings file"),
        ("[beat.a]\nargs = [{ \"x\\u0000\" = 1 }]", "celery.toml:2: a NUL is not allowed in a settings file"),
        ("CELERY_BROKER_URL = 'foo'", "celery.toml:1: CELERY_BROKER_URL is invalid: 'foo' is not a URL: it has no scheme such as amqp://"),
        (
            "CELERY_BROKER_URL = 'amqp://u:secret@h:x'",
            "celery.toml:1: CELERY_BROKER_URL is invalid: the port in 'amqp://u:***@h:x' must be a whole number from 1 to 65535"
        ),
        (
            "CELERYBEAT_NAME = 'a b'",
            "celery.toml:1: CELERYBEAT_NAME must be up to 100 letters, digits, _ . and -, not \"a b\""
        ),
        ("CELERYBEAT_NAME = ''", "celery.toml:1: CELERYBEAT_NAME must be up to 100 letters, digits, _ . and -, not \"\""),
        ("CELERYBEAT_MAX_LOOP_INTERVAL = 0.5", "celery.toml:1: CELERYBEAT_MAX_LOOP_INTERVAL must be 1 or more, not 0.5"),
        // Contradictions
        ("CELERYD_CONCURRENCY = 1\nCELERY_CONCURRENCY = 2", "celery.toml:2: CELERY_CONCURRENCY contradicts CELERYD_CONCURRENCY in line 1"),
        ("CELERY_BROKER_URL = 'amqp://a'\nAMQP_SERVER = 'b'", "celery.toml:2: AMQP_SERVER contradicts CELERY_BROKER_URL in line 1"),
        ("AMQP_VHOST = 'v'\nCELERY_BROKER_URL = 'amqp://a'", "celery.toml:1: AMQP_VHOST contradicts CELERY_BROKER_URL in line 2"),
        ("AMQP_USER = 'v'\nBROKER_URL = 'sqlite:x'", "celery.toml:1: AMQP_USER contradicts BROKER_URL in line 2"),
        // Syntax
        ("CELERYD_PREFETCH = 1\nCELERYD_PREFETCH = 2", "celery.toml:2: not valid TOML: 'CELERYD_PREFETCH' is set twice; the first time in line 1 (column 1)"),
    ])
    func `a mistake is named with its file and line`(text: String, message: String) {
        #expect { try settings(text) } throws: { "\($0)" == message || report("\($0)") }
    }

    /// Shows what came instead.
    private func report(_ message: String) -> Bool {
        Issue.record("said instead: \(message)")
        return true
    }

    @Test func `what a settings py has and TOML has not is hinted at`() throws {
        let tuple = try #require(throws: SettingsError.self) { try settings("\nINSTALLED_APPS = ('a', 'b')") }
        #expect(tuple.place == "celery.toml:2")
        #expect(tuple.hint == "a list is written in square brackets: [\"a\", \"b\"]")
        let truth = try #require(throws: SettingsError.self) { try settings("CELERY_IGNORE_RESULT = True") }
        #expect(truth.hint == "write true or false in lower case")
    }

    @Test func `an unsupported setting that has a successor names it`() throws {
        let error = try #require(throws: SettingsError.self) { try settings("CELERY_IMPORTS = ['tasks']") }
        #expect(error.code == .unsupported)
        #expect(error.hint == "name the folders of tasks with INSTALLED_APPS")
    }

    @Test func `a variable or a flag is named as it was given`() {
        #expect { try settings("", environment: ["CELERYD_PREFETCH": "x"]) } throws: {
            "\($0)" == "CELERYD_PREFETCH in the environment must be a whole number, not \"x\""
        }
        #expect { try settings("", flags: [SettingsFlag(option: "--broker", key: "CELERY_BROKER_URL", text: "x")]) } throws: {
            "\($0)" == "--broker is invalid: 'x' is not a URL: it has no scheme such as amqp://"
        }
    }

    @Test func `a file that is named and missing is an error`() throws {
        let folder = TemporaryFolder()
        #expect {
            try SettingsReader.resolve(settingsFile: "no.toml", environment: [:], workingFolder: folder.path)
        } throws: { "\($0)" == "cannot read no.toml: no such file or directory" && ($0 as? SettingsError)?.code == .unreadable }
        #expect {
            try SettingsReader.resolve(settingsFile: folder.path, environment: [:], workingFolder: "/")
        } throws: { "\($0)" == "cannot read \(folder.path): it is a folder" }
    }

    @Test func `a file that may not be read is an error of its own code`() throws {
        let folder = TemporaryFolder()
        try folder.write("CELERYD_PREFETCH = 1", to: "celery.toml", mode: 0o000)
        let error = try #require(throws: SettingsError.self) {
            try asOrdinaryUser { try SettingsReader.resolve(environment: [:], workingFolder: folder.path) }
        }
        #expect(error.description == "cannot read celery.toml: permission denied")
        #expect(error.code == .noPermission)
    }

    @Test func `a file that is not text is an error`() throws {
        let folder = TemporaryFolder()
        let file = try folder.write("X = \u{0}1", to: "celery.toml")
        #expect(throws: SettingsError(.syntax, at: "\(file):1", "not valid TOML: no value begins with a control character (column 5)")) {
            try SettingsReader.read(file: file)
        }
        try folder.write(String(repeating: "# long\n", count: 200_000), to: "celery.toml")
        #expect { try SettingsReader.read(file: file) } throws: { "\($0)" == "cannot read \(file): it is larger than 1 MiB" }
        let descriptor = open(file, O_WRONLY | O_TRUNC)
        write(descriptor, [0x23, 0xFF, 0xFE] as [UInt8], 3)
        close(descriptor)
        #expect { try SettingsReader.read(file: file) } throws: { "\($0)" == "cannot read \(file): it is not UTF-8 text" }
    }
}
