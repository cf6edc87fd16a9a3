import CeleryCore
import Testing

@testable import Configuration

/// Settings from the text of a file in `/shop`, seen from `/here`.
func settings(
    _ text: String, flags: [SettingsFlag] = [], environment: [String: String] = [:]
) throws(SettingsError) -> Settings {
    try resolved(text, flags: flags, environment: environment).settings
}

func resolved(
    _ text: String?, flags: [SettingsFlag] = [], environment: [String: String] = [:]
) throws(SettingsError) -> ResolvedSettings {
    try SettingsReader.resolve(
        text: text, shown: "celery.toml", folder: "/shop", file: "/shop/celery.toml", flags, environment, "/here")
}

@Suite struct SettingsReaderTests {
    @Test func `the five lines of the original's README make its broker`() throws {
        let settings = try settings(
            """
            AMQP_SERVER = "localhost"
            AMQP_PORT = 5672
            AMQP_USER = "myuser"
            AMQP_PASSWORD = "mypassword"
            AMQP_VHOST = "myvhost"
            """)
        #expect(settings.brokerURL == "amqp://myuser:mypassword@localhost:5672/myvhost")
        #expect(settings.resultURL == "sqlite:///shop/celery.db")
    }

    @Test func `settings are shown without passwords, and without the values of names in CELERY_REDACT`() throws {
        let shown = try resolved(
            """
            AMQP_PASSWORD = "hush"
            CELERYD_LOG_FILE = "hush.log"
            CELERYD_CONCURRENCY = 3
            CELERY_REDACT = ["log-file"]
            """
        ).shown(withDefaults: false)
        #expect(shown["AMQP_PASSWORD"] == "********" && shown["CELERYD_LOG_FILE"] == "********" && shown["CELERYD_CONCURRENCY"] == 3)
    }

    @Test func `what is redacted can be set in the file and, for one command, in the environment`() throws {
        #expect(try settings("").redaction == Redaction())
        #expect(try settings("CELERY_REDACT = [\"pin\"]\nCELERY_KEEP_ARGUMENTS = 0").redaction == Redaction(["pin"], leavesOutArguments: true))
        #expect(try settings("CELERY_REDACT = [\"pin\"]", environment: ["CELERY_REDACT": ","]).redaction.isEmpty)
        #expect(try !settings("CELERY_KEEP_ARGUMENTS = \"1k\"").redaction.leavesOutArguments)
    }

    @Test func `the later names of the same lines work as well`() throws {
        let settings = try settings(
            """
            BROKER_HOST = "mq"
            BROKER_PORT = 5673
            BROKER_USER = "a@b"
            BROKER_PASSWORD = "c:d/e"
            BROKER_VHOST = "/"
            """)
        #expect(settings.brokerURL == "amqp://a%40b:c%3Ad%2Fe@mq:5673/%2F")
    }

    @Test func `what the AMQP settings leave out is the original's default`() throws {
        #expect(try settings(#"AMQP_HOST = "mq""#).brokerURL == "amqp://mq:5672/%2F")
        #expect(try settings("AMQP_PORT = 1").brokerURL == "amqp://localhost:1/%2F")
        #expect(try settings(#"AMQP_PASSWORD = "p""#).brokerURL == "amqp://guest:p@localhost:5672/%2F")
        #expect(try settings(#"AMQP_SERVER = "::1""#).brokerURL == "amqp://[::1]:5672/%2F")
    }

    @Test func `with no broker named everything is in one file beside the settings`() throws {
        let settings = try settings("")
        #expect(settings.brokerURL == "sqlite:///shop/celery.db")
        #expect(settings.resultURL == "sqlite:///shop/celery.db")
        #expect(settings == Settings(projectFolder: "/shop", file: "/shop/celery.toml"))
    }

    @Test func `an embedded broker keeps the results, another leaves them to a file`() throws {
        #expect(try settings(#"CELERY_BROKER_URL = "sqlite:q.db""#).resultURL == "sqlite:///shop/q.db")
        #expect(try settings(#"CELERY_BROKER_URL = "memory://""#).resultURL == "memory://")
        #expect(try settings(#"CELERY_BROKER_URL = "amqp://h""#).resultURL == "sqlite:///shop/celery.db")
        #expect(
            try settings("CELERY_BROKER_URL = 'sqlite:q.db'\nCELERY_RESULT_BACKEND = 'db+sqlite:///r.db'").resultURL
                == "db+sqlite:////shop/r.db")
    }

    @Test func `every setting has its place`() throws {
        let settings = try settings(
            """
            CELERYD_CONCURRENCY = 4
            CELERY_QUEUES = ["images", "mail"]
            CELERYD_LOG_FILE = "log/worker.log"
            CELERYD_DAEMON_LOG_LEVEL = "warn"
            CELERYD_PID_FILE = "/run/celeryd.pid"
            CELERYD_PREFETCH = 8
            CELERYD_TASK_TIME_LIMIT = "5m"
            CELERYD_TASK_SOFT_TIME_LIMIT = 240.5
            CELERYD_MAX_TASKS_PER_CHILD = 100
            CELERYD_MAX_MEMORY_PER_CHILD = 200_000
            CELERYD_MAX_OUTPUT_BYTES = "64k"
            CELERYD_CRASH_LIMIT = 5
            INSTALLED_APPS = ["thumbs", "mail"]
            CELERY_DEFAULT_QUEUE = "other"
            CELERY_IGNORE_RESULT = true
            CELERY_TASK_RESULT_EXPIRES = "1d"
            CELERY_COMMAND_KEY = "key"
            CELERY_COMMAND_PATTERNS = ["ls ...", "cp *,* /x"]
            CELERY_COMMAND_ENVIRONMENT = ["AWS_*"]
            CELERY_SQLITE_DURABILITY = "normal"
            CELERY_FILE_GROUP = "shop"
            CELERY_SQLITE_GROUP_ACCESS = "read"
            CELERYBEAT_NAME = "shop-1.a_b"
            CELERYBEAT_LOG_FILE = "log/beat.log"
            CELERYBEAT_LOG_LEVEL = "fatal"
            CELERYBEAT_PID_FILE = "/run/celerybeat.pid"
            CELERYBEAT_MAX_LOOP_INTERVAL = "1m"
            """)
        var expected = Settings(projectFolder: "/shop", file: "/shop/celery.toml")
        expected.concurrency = 4
        expected.queues = ["images", "mail"]
        expected.logFile = "/shop/log/worker.log"
        expected.logLevel = "WARNING"
        expected.pidFile = "/run/celeryd.pid"
        expected.prefetch = 8
        expected.hardTimeLimit = 300
        expected.softTimeLimit = 240.5
        expected.maxTasksPerChild = 100
        expected.maxMemoryPerChild = 200_000
        expected.maxOutputBytes = 65_536
        expected.crashLimit = 5
        expected.installedApps = ["thumbs", "mail"]
        expected.defaultQueue = "other"
        expected.ignoreResult = true
        expected.resultExpires = 86_400
        expected.commandKey = "/shop/key"
        expected.commandPatterns = ["ls ...", "cp *,* /x"]
        expected.commandVariables = ["AWS_*"]
        expected.durability = "normal"
        expected.fileGroup = "shop"
        expected.databaseGroupWrites = false
        expected.beatName = "shop-1.a_b"
        expected.beatLogFile = "/shop/log/beat.log"
        expected.beatLogLevel = "CRITICAL"
        expected.beatPIDFile = "/run/celerybeat.pid"
        expected.beatMaxInterval = 60
        #expect(settings == expected)
    }

    @Test func `the worker takes from the default queue unless queues are named`() throws {
        #expect(try settings(#"CELERY_DEFAULT_QUEUE = "mail""#).queues == ["mail"])
        #expect(try settings("CELERY_DEFAULT_QUEUE = 'mail'\nCELERY_QUEUES = ['a', 'b', 'a']").queues == ["a", "b"])
    }

    @Test func `zero keeps results for ever and lifts time limits`() throws {
        #expect(try settings("CELERY_TASK_RESULT_EXPIRES = 0").resultExpires == nil)
        #expect(try settings("CELERYD_TASK_TIME_LIMIT = 0").hardTimeLimit == nil)
    }

    @Test func `what is kept in a Redis server has times and a prefix of its own`() throws {
        let plain = try settings("")
        #expect(plain.failureExpires == nil && plain.chordExpires == nil && plain.resultKeyPrefix.isEmpty)
        let all = try settings("CELERY_RESULT_FAILURE_EXPIRES = '30d'\nCELERY_RESULT_CHORD_EXPIRES = 60\nCELERY_RESULT_KEY_PREFIX = 'shop'")
        #expect(all.failureExpires == 30 * 86_400 && all.chordExpires == 60 && all.resultKeyPrefix == "shop")
        // For ever is not the same as no word about it.
        #expect(try settings("CELERY_RESULT_FAILURE_EXPIRES = 0").failureExpires == .infinity)
        #expect(try settings("CELERY_RESULT_CHORD_EXPIRES = 0").chordExpires == .infinity)
    }

    @Test func `one setting by two of its names is fine while both say the same`() throws {
        #expect(try settings("CELERYD_CONCURRENCY = 3\nCELERY_CONCURRENCY = 3").concurrency == 3)
    }

    @Test func `AMQP settings beside a URL are fine while they describe the same`() throws {
        let url = "amqp://u:p@h/v"
        let text = "AMQP_SERVER = 'h'\nAMQP_PORT = 5672\nAMQP_USER = 'u'\nAMQP_VHOST = 'v'\nCELERY_BROKER_URL = '\(url)'"
        #expect(try settings(text).brokerURL == url)
    }

    @Test func `queues have weights, in a list or in a table`() throws {
        let listed = try settings("CELERY_QUEUES = ['images=3', 'mail', 'odd=name']")
        #expect(listed.queues == ["images", "mail", "odd=name"])
        #expect(listed.queueWeights == ["images": 3])
        #expect(listed.queueDefinitions == [:])
        #expect(throws: SettingsError.self) { try settings("CELERY_QUEUES = ['a=0']") }
        let table = try settings("[CELERY_QUEUES.images]\nweight = 5\n[CELERY_QUEUES.mail]\nmax_priority = 3\n")
        #expect(table.queueWeights == ["images": 5])
        #expect(table.queueDefinitions.keys.sorted() == ["mail"])
        #expect(throws: SettingsError.self) { try settings("[CELERY_QUEUES.images]\nweight = 0\n") }
        #expect(try settings("CELERY_PRIORITY_AGEING = '1m'").priorityAgeing == 60)
    }

    @Test func `pystomp reaches the broker of the AMQP settings by STOMP`() throws {
        #expect(try settings("CARROT_BACKEND = 'pystomp'").brokerURL == "stomp://localhost:61613")
        let all = "AMQP_SERVER = 'mq'\nAMQP_PORT = 61612\nAMQP_USER = 'u'\nAMQP_PASSWORD = 'p'\nAMQP_VHOST = 'shop'"
        #expect(try settings("CARROT_BACKEND = 'stomp'\n" + all).brokerURL == "stomp://u:p@mq:61612/shop")
        #expect(try settings("CARROT_BACKEND = 'pyamqplib'\nAMQP_SERVER = 'mq'").brokerURL == "amqp://mq:5672/%2F")
        #expect(try settings("CARROT_BACKEND = 'pystomp'\nCELERY_BROKER_URL = 'stomp+ssl://mq'").brokerURL == "stomp+ssl://mq")
        let both = "CARROT_BACKEND = 'pyamqplib'\nAMQP_PORT = 5672\nCELERY_BROKER_URL = 'pyamqp://mq'"
        #expect(try settings(both).brokerURL == "amqp://mq")
        #expect(throws: SettingsError.self) { try settings("CARROT_BACKEND = 'pystomp'\nCELERY_BROKER_URL = 'pyamqp://mq'") }
        #expect(throws: SettingsError.self) { try settings("AMQP_PORT = 5672\nCELERY_BROKER_URL = 'stomp://mq'") }
        #expect(throws: SettingsError.self) { try settings("CARROT_BACKEND = 'pystomp'\nCELERY_BROKER_URL = 'amqp://mq'") }
        #expect(throws: SettingsError.self) { try settings("CARROT_BACKEND = 'memory'") }
    }
}
