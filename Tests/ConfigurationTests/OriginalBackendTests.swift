import CeleryCore
import Testing

@testable import Configuration

/// The result store in the words of Celery's first versions.
@Suite struct OriginalBackendTests {
    private let postgreSQL = """
        DATABASE_ENGINE = "postgresql_psycopg2"
        DATABASE_NAME = "shop"
        DATABASE_USER = "celery"
        DATABASE_PASSWORD = "s/cret"
        DATABASE_HOST = "db.example.org"
        DATABASE_PORT = "5433"
        """

    @Test func `database is what DATABASE_ENGINE and the settings after it describe`() throws {
        let url = "db+postgresql://celery:s%2Fcret@db.example.org:5433/shop"
        #expect(try settings("CELERY_BACKEND = 'database'\n" + postgreSQL).resultURL == url)
        // The original took it where nothing was said.
        #expect(try settings(postgreSQL).resultURL == url)
        #expect(try resolved("\n" + postgreSQL).origin(of: "CELERY_RESULT_BACKEND") == .file("celery.toml", line: 2))
        #expect(try settings(postgreSQL, environment: ["CELERY_BACKEND": "database"]).resultURL == url)
    }

    @Test(arguments: [
        ("DATABASE_ENGINE = 'postgresql'\nDATABASE_NAME = 'a'", "db+postgresql:///a"),
        ("DATABASE_ENGINE = 'postgresql'\nDATABASE_NAME = 'a'\nDATABASE_HOST = '/run/pg'\nDATABASE_PORT = ''", "db+postgresql:///a?host=/run/pg"),
        ("DATABASE_ENGINE = 'mysql'\nDATABASE_NAME = 'a'\nDATABASE_USER = 'u'\nDATABASE_HOST = ''\nDATABASE_PORT = 3307", "db+mysql://u@:3307/a"),
        ("DATABASE_ENGINE = 'mysql'\nDATABASE_NAME = 'a'\nDATABASE_HOST = '/run/my.sock'", "db+mysql:///a?unix_socket=/run/my.sock"),
        ("DATABASE_ENGINE = 'oracle'\nDATABASE_NAME = 'shop'\nDATABASE_USER = 'u'\nDATABASE_PASSWORD = 'p'", "db+oracle://u:p@/?dsn=shop"),
        ("DATABASE_ENGINE = 'sqlite3'\nDATABASE_NAME = '/var/r.db'", "db+sqlite:////var/r.db"),
        // Beside the settings.
        ("DATABASE_ENGINE = 'sqlite3'\nDATABASE_NAME = 'r.db'", "db+sqlite:////shop/r.db"),
    ])
    func `each kind of database has its URL`(text: String, url: String) throws {
        #expect(try settings(text).resultURL == url)
        #expect(throws: Never.self) { try ServiceURL(url) }
    }

    @Test func `cache is the cache of Django, or the one for Celery alone`() throws {
        let django = "CELERY_BACKEND = 'cache'\nCACHE_BACKEND = 'memcached://a:1;b:2/'"
        #expect(try settings(django).resultURL == "memcached://a:1;b:2/")
        #expect(try settings(django + "\n" + postgreSQL).resultURL == "memcached://a:1;b:2/")
        #expect(try settings(django + "\nCELERY_CACHE_BACKEND = 'memcached://c:3/?timeout=30'").resultURL == "memcached://c:3/?timeout=30")
        #expect(try settings("", environment: ["CELERY_BACKEND": "cache", "CELERY_CACHE_BACKEND": "memcached://c:3/"]).resultURL == "memcached://c:3/")
        #expect(try resolved(django).origin(of: "CELERY_RESULT_BACKEND") == .file("celery.toml", line: 1))
    }

    @Test func `tyrant is the server of TT_HOST and TT_PORT`() throws {
        let file = "CELERY_BACKEND = 'tyrant'\nTT_HOST = 'tt.example.org'"
        #expect(try settings(file).resultURL == "tyrant://tt.example.org")
        #expect(try settings(file + "\nTT_PORT = '1979'").resultURL == "tyrant://tt.example.org:1979")
        #expect(try settings(file + "\nTT_PORT = 1979").resultURL == "tyrant://tt.example.org:1979")
        #expect(try settings("CELERY_BACKEND = 'tyrant'\nTT_HOST = '::1'\nTT_PORT = 1").resultURL == "tyrant://[::1]:1")
        #expect(try resolved(file).origin(of: "CELERY_RESULT_BACKEND") == .file("celery.toml", line: 1))
        #expect(failure("CELERY_BACKEND = 'tyrant'\nTT_PORT = 1979")?.message == "CELERY_BACKEND needs TT_HOST, which names the server of Tokyo Tyrant")
        let idle = failure("TT_HOST = 'h'")
        #expect(idle?.description == "celery.toml:1: TT_HOST names a server, but results are not kept there")
        #expect(idle?.hint == "add CELERY_BACKEND = \"tyrant\", or remove it")
        #expect(failure("TT_HOST = 'h:1978'")?.message == "TT_HOST must be a host name alone; the port belongs in TT_PORT")
        #expect(failure(file + "\nTT_PORT = 70000")?.message == "TT_PORT must be from 1 to 65535, not 70000")
    }

    @Test(arguments: [
        ("", "mongodb://localhost:27017/celery"),
        ("{}", "mongodb://localhost:27017/celery"),
        ("{ host = 'm.example.org', port = 27018, database = 'shop' }", "mongodb://m.example.org:27018/shop"),
        ("{ host = 'm', user = 'u', password = 's/cret', database = 'shop' }", "mongodb://u:s%2Fcret@m:27017/shop"),
        ("{ host = ['a:1', 'b'], options = { replicaSet = 'rs', tls = true, wTimeoutMS = 5 } }", "mongodb://a:1,b:27017/celery?replicaSet=rs&tls=true&wTimeoutMS=5"),
        ("{ host = 'mongodb://u:p@a:1/shop?w=2', taskmeta_collection = 't', groupmeta_collection = 'g' }", "mongodb://u:p@a:1/shop?w=2&taskmeta_collection=t&groupmeta_collection=g"),
    ])
    func `mongodb is the database of CELERY_MONGODB_BACKEND_SETTINGS`(table: String, url: String) throws {
        let text = "CELERY_BACKEND = 'mongodb'\n" + (table.isEmpty ? "" : "CELERY_MONGODB_BACKEND_SETTINGS = \(table)")
        #expect(try settings(text).resultURL == url)
        #expect(throws: Never.self) { try ServiceURL(url) }
    }

    @Test func `a password in the settings of MongoDB is not shown to others`() throws {
        let text = "CELERY_BACKEND = 'mongodb'\nCELERY_MONGODB_BACKEND_SETTINGS = { host = 'h', user = 'u', password = 'hush' }"
        let shown = try resolved(text).shown(withDefaults: false)
        #expect(shown["CELERY_MONGODB_BACKEND_SETTINGS"] == ["host": "h", "password": "********", "user": "u"])
    }

    @Test func `the settings of MongoDB complete a URL that names its server`() throws {
        let url = "CELERY_RESULT_BACKEND = 'mongodb://u:p@h'\n"
        #expect(try settings(url + "CELERY_MONGODB_BACKEND_SETTINGS = { database = 'shop', taskmeta_collection = 't' }").resultURL == "mongodb://u:p@h/shop?taskmeta_collection=t")
        let host = failure(url + "CELERY_MONGODB_BACKEND_SETTINGS = { host = 'i' }")
        #expect(host?.description == "celery.toml:2: CELERY_MONGODB_BACKEND_SETTINGS has a host, and CELERY_RESULT_BACKEND names the server as well")
        let database = failure("CELERY_RESULT_BACKEND = 'mongodb://h/a'\nCELERY_MONGODB_BACKEND_SETTINGS = { database = 'b' }")
        #expect(database?.message == "CELERY_MONGODB_BACKEND_SETTINGS names another database than the URL in CELERY_RESULT_BACKEND")
        let idle = failure("CELERY_MONGODB_BACKEND_SETTINGS = { database = 'b' }")
        #expect(idle?.message == "CELERY_MONGODB_BACKEND_SETTINGS names a database, but results are not kept there" && idle?.hint == "add CELERY_BACKEND = \"mongodb\", or remove it")
    }

    @Test(arguments: [
        ("{ prot = 1 }", "has a member 'prot' that is unknown; did you mean 'port'?"),
        ("{ port = 'abc' }", "has a member 'port' that must be a whole number, not \"abc\""),
        ("{ password = 5 }", "has a member 'password' that must be text in quotes, not a whole number"),
        ("{ password = 'hush' }", "has a password and no user"),
        ("{ options = 'w=1' }", "has a member 'options' that must be a table, not text"),
        ("{ periodictaskmeta_collection = 'p' }", "has a member 'periodictaskmeta_collection' that has no effect: celery beat keeps its times itself"),
        ("'mongodb://u:hush@h'", "must be a table such as { host = \"localhost\", database = \"celery\" }, not text"),
    ])
    func `says what is wrong with the settings of MongoDB`(table: String, message: String) {
        let error = failure("CELERY_BACKEND = 'mongodb'\nCELERY_MONGODB_BACKEND_SETTINGS = \(table)")
        #expect(error?.message == "CELERY_MONGODB_BACKEND_SETTINGS \(message)")
    }

    @Test func `amqp is the broker`() throws {
        #expect(try settings("CELERY_BACKEND = 'amqp'\nCELERY_BROKER_URL = 'amqp://h'").resultURL == "amqp://")
        #expect(try settings(postgreSQL, environment: ["CELERY_BACKEND": "amqp"]).resultURL == "amqp://")
    }

    @Test func `CELERY_RESULT_BACKEND from nearer by overrides it`() throws {
        let file = "CELERY_BACKEND = 'cache'\nCACHE_BACKEND = 'memcached://a:1/'"
        #expect(try settings(file, environment: ["CELERY_RESULT_BACKEND": "redis://h"]).resultURL == "redis://h")
        #expect(try settings(postgreSQL, environment: ["CELERY_RESULT_BACKEND": "redis://h"]).resultURL == "redis://h")
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
        let database = failure("CELERY_RESULT_BACKEND = 'redis://h'\n" + postgreSQL)
        #expect(database?.description == "celery.toml:2: DATABASE_ENGINE contradicts CELERY_RESULT_BACKEND (celery.toml:1)")
        let missing = failure("CELERY_BACKEND = 'cache'")
        #expect(missing?.message == "CELERY_BACKEND is \"cache\", but no cache is named")
        #expect(missing?.hint == "add CACHE_BACKEND = \"memcached://127.0.0.1:11211/\"")
        let idle = failure("\nCACHE_BACKEND = 'memcached://a:1/'")
        #expect(idle?.description == "celery.toml:2: CACHE_BACKEND names a cache, but results are not kept there")
        // Which of the two is meant?
        #expect(failure("CACHE_BACKEND = 'memcached://a:1/'\n" + postgreSQL)?.message == idle?.message)
    }

    @Test(arguments: [
        ("CELERY_BACKEND = 'database'", "celery.toml:1: CELERY_BACKEND needs DATABASE_ENGINE, which says what kind of database it is"),
        ("DATABASE_USER = 'u'", "celery.toml:1: DATABASE_USER needs DATABASE_ENGINE, which says what kind of database it is"),
        ("\nDATABASE_ENGINE = 'mysql'", "celery.toml:2: DATABASE_ENGINE needs DATABASE_NAME"),
        (
            "DATABASE_ENGINE = 'oracle'\nDATABASE_NAME = 'shop'\nDATABASE_HOST = 'h'",
            "celery.toml:1: DATABASE_ENGINE is a database of Oracle, which has no DATABASE_HOST and DATABASE_PORT: DATABASE_NAME is an ODBC data source"
        ),
        ("DATABASE_PORT = 'abc'", "celery.toml:1: DATABASE_PORT must be a whole number, not \"abc\""),
        ("CELERY_BACKEND = 'databse'", "celery.toml:1: CELERY_BACKEND must be one of amqp, cache, database, mongodb, tyrant, not \"databse\"; did you mean \"database\"?"),
    ])
    func `names what a database lacks with its line`(text: String, message: String) {
        #expect(failure(text)?.description == message)
    }

    @Test func `names the environment where CELERY_BACKEND comes from it`() {
        let error = failure("", environment: ["CELERY_BACKEND": "database"])
        #expect(error?.description == "CELERY_BACKEND in the environment needs DATABASE_ENGINE, which says what kind of database it is")
    }

    @Test(arguments: ["locmem://", "file:///var/tmp/cache", "dummy:///", "db://table", "redis://h"])
    func `a cache that others cannot read is refused`(url: String) {
        let error = failure("CELERY_BACKEND = 'cache'\nCACHE_BACKEND = '\(url)'")
        #expect(error?.code == .badValue && error?.message.hasPrefix("CACHE_BACKEND ") == true)
    }

    @Test(arguments: ["redis", "mongo"])
    func `other kinds are refused, and the hint says how to name a store`(kind: String) {
        let error = failure("CELERY_BACKEND = '\(kind)'")
        #expect(error?.message == "CELERY_BACKEND must be one of amqp, cache, database, mongodb, tyrant, not \"\(kind)\"\(kind == "mongo" ? "; did you mean \"mongodb\"?" : "")")
        #expect(error?.hint == "name other result stores with CELERY_RESULT_BACKEND")
    }
}
