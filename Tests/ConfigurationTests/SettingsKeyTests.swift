import CeleryCore
import Testing

@testable import Configuration

@Suite struct SettingsKeyTests {
    @Test func `no two settings share a name`() {
        let names = SettingsKey.all.flatMap(\.names)
        #expect(Set(names).count == names.count)
        #expect(SettingsKey.all.allSatisfy { key in key.names.allSatisfy { SettingsKey.named($0)?.name == key.name } })
    }

    @Test(arguments: SettingsKey.all.map(\.name))
    func `a default written into the file changes nothing`(name: String) throws {
        let key = try #require(SettingsKey.named(name))
        guard let text = key.defaultText else { return }
        #expect(try settings("\(name) = \(text)") == settings(""))
    }

    @Test(arguments: SettingsKey.all.map(\.name))
    func `the help of a setting is a sentence or two`(name: String) throws {
        let help = try #require(SettingsKey.named(name)).help
        #expect(help.hasSuffix("."))
        #expect(help.count > 15)
        #expect(!help.contains("\n"))
    }

    @Test func `no supported setting is called unsupported`() {
        #expect(!UnsupportedSettings.names.contains { SettingsKey.named($0) != nil })
    }

    @Test func `every setting of the original is known, supported or not`() {
        let original = [
            "AMQP_SERVER", "AMQP_PORT", "AMQP_USER", "AMQP_PASSWORD", "AMQP_VHOST", "CARROT_BACKEND", "CELERY_AMQP_EXCHANGE",
            "CELERY_AMQP_EXCHANGE_TYPE", "CELERY_AMQP_PUBLISHER_ROUTING_KEY", "CELERY_AMQP_CONSUMER_ROUTING_KEY",
            "CELERY_AMQP_CONSUMER_QUEUE", "CELERY_AMQP_CONSUMER_QUEUES", "CELERY_AMQP_CONNECTION_TIMEOUT",
            "CELERY_AMQP_CONNECTION_RETRY", "CELERY_AMQP_CONNECTION_MAX_RETRIES", "CELERYD_CONCURRENCY", "CELERYD_LOG_FILE",
            "CELERYD_DAEMON_LOG_LEVEL", "CELERYD_DAEMON_LOG_FORMAT", "CELERYD_PID_FILE", "CELERY_BACKEND",
            "CELERY_PERIODIC_STATUS_BACKEND", "CELERY_TASK_RESULT_EXPIRES", "CELERY_TASK_SERIALIZER", "CELERY_ALWAYS_EAGER",
            "SEND_CELERY_TASK_ERROR_EMAILS", "CELERY_IMPORTS", "CELERY_MONGODB_BACKEND_SETTINGS",
            "TT_HOST", "TT_PORT", "CACHE_BACKEND", "DATABASE_ENGINE", "INSTALLED_APPS", "ADMINS", "SERVER_EMAIL", "DEBUG",
        ]
        for name in original {
            #expect(SettingsKey.named(name) != nil || UnsupportedSettings.hint(for: name) != nil, "\(name)")
        }
    }
}
