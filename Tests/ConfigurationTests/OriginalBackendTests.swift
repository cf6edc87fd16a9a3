import CeleryCore
import Testing

@testable import Configuration

/// The result store in the words of Celery's first versions.
@Suite struct OriginalBackendTests {
    @Test func `cache is the cache of Django, or the one for Celery alone`() throws {
        let django = "CELERY_BACKEND = 'cache'\nCACHE_BACKEND = 'memcached://a:1;b:2/'"
        #expect(try settings(django).resultURL == "memcached://a:1;b:2/")
        #expect(try settings(django + "\nCELERY_CACHE_BACKEND = 'memcached://c:3/?timeout=30'").resultURL == "memcached://c:3/?timeout=30")
        #expect(try settings("", environment: ["CELERY_BACKEND": "cache", "CELERY_CACHE_BACKEND": "memcached://c:3/"]).resultURL == "memcached://c:3/")
        #expect(try resolved(django).origin(of: "CELERY_RESULT_BACKEND") == .file("celery.toml", line: 1))
    }

    @Test func `amqp is the broker`() throws {
        #expect(try settings("CELERY_BACKEND = 'amqp'\nCELERY_BROKER_URL = 'amqp://h'").resultURL == "amqp://")
    }

    @Test func `CELERY_RESULT_BACKEND from nearer by overrides it`() throws {
        let file = "CELERY_BACKEND = 'cache'\nCACHE_BACKEND = 'memcached://a:1/'"
        #expect(try settings(file, environment: ["CELERY_RESULT_BACKEND": "redis://h"]).resultURL == "redis://h")
        let flag = SettingsFlag(option: "--result-backend", key: "CELERY_RESULT_BACKEND", text: "memory://")
        #expect(try settings(file, flags: [flag], environment: ["CELERY_BACKEND": "amqp"]).resultURL == "memory://")
        #expect(try settings("CELERY_RESULT_BACKEND = 'redis://h'", environment: ["CELERY_BACKEND": "amqp"]).resultURL == "amqp://")
        #expect(try settings(file + "\nCELERY_RESULT_BACKEND = 'memcached://a:1/'").resultURL == "memcached://a:1/")
    }

    private func failure(_ text: String, environment: [String: String] = [:]) -> SettingsError? {
        #expect(throws: SettingsError.self) { try settings(text, environment: environment) }
    }

    @Test func `says what contradicts, what is missing and what has no effect`() {
        let two = failure("CELERY_RESULT_BACKEND = 'redis://h'\nCELERY_BACKEND = 'amqp'")
        #expect(two?.code == .contradiction && two?.description == "celery.toml:2: CELERY_BACKEND contradicts CELERY_RESULT_BACKEND (celery.toml:1)")
        let missing = failure("CELERY_BACKEND = 'cache'")
        #expect(missing?.message == "CELERY_BACKEND is \"cache\", but no cache is named")
        #expect(missing?.hint == "add CACHE_BACKEND = \"memcached://127.0.0.1:11211/\"")
        let idle = failure("\nCACHE_BACKEND = 'memcached://a:1/'")
        #expect(idle?.description == "celery.toml:2: CACHE_BACKEND names a cache, but results are not kept there")
    }

    @Test(arguments: ["locmem://", "file:///var/tmp/cache", "dummy:///", "db://table", "redis://h"])
    func `a cache that others cannot read is refused`(url: String) {
        let error = failure("CELERY_BACKEND = 'cache'\nCACHE_BACKEND = '\(url)'")
        #expect(error?.code == .badValue && error?.message.hasPrefix("CACHE_BACKEND ") == true)
    }

    @Test(arguments: ["database", "mongodb", "tyrant"])
    func `other kinds are named with their successor`(kind: String) {
        let error = failure("CELERY_BACKEND = '\(kind)'")
        #expect(error?.message == "CELERY_BACKEND must be one of amqp, cache, not \"\(kind)\"")
        #expect(error?.hint == "name other result stores with CELERY_RESULT_BACKEND")
    }
}
