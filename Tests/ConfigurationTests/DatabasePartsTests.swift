import CeleryCore
import Testing

@testable import Configuration

/// The result store as the original's settings describe it.
@Suite struct DatabasePartsTests {
    private func store(_ text: String) throws -> String { try settings(text).resultURL }

    private let postgreSQL = """
        DATABASE_ENGINE = "postgresql_psycopg2"
        DATABASE_NAME = "shop"
        DATABASE_USER = "celery"
        DATABASE_PASSWORD = "s/cret"
        DATABASE_HOST = "db.example.org"
        DATABASE_PORT = "5433"
        """

    @Test func `CELERY_BACKEND = database takes the database that DATABASE_ENGINE and the settings after it describe`() throws {
        let url = "db+postgresql://celery:s%2Fcret@db.example.org:5433/shop"
        #expect(try store("CELERY_BACKEND = \"database\"\n" + postgreSQL) == url)
        // The original took it where nothing was said.
        #expect(try store(postgreSQL) == url)
    }

    @Test(arguments: [
        ("DATABASE_ENGINE = 'postgresql'\nDATABASE_NAME = 'a'", "db+postgresql:///a"),
        ("DATABASE_ENGINE = 'postgresql'\nDATABASE_NAME = 'a'\nDATABASE_HOST = '/run/pg'\nDATABASE_PORT = ''", "db+postgresql:///a?host=/run/pg"),
        ("DATABASE_ENGINE = 'mysql'\nDATABASE_NAME = 'a'\nDATABASE_USER = 'u'\nDATABASE_HOST = ''\nDATABASE_PORT = 3307", "db+mysql://u@:3307/a"),
        ("DATABASE_ENGINE = 'mysql'\nDATABASE_NAME = 'a'\nDATABASE_HOST = '/run/my.sock'", "db+mysql:///a?unix_socket=/run/my.sock"),
        ("DATABASE_ENGINE = 'sqlite3'\nDATABASE_NAME = '/var/r.db'", "db+sqlite:////var/r.db"),
        ("CELERY_BACKEND = 'amqp'", "amqp://"),
    ])
    func `each kind of database has its URL`(text: String, url: String) throws {
        #expect(try store(text) == url)
        #expect(throws: Never.self) { try ServiceURL(url) }
    }

    @Test func `a relative file of sqlite3 is beside the settings`() throws {
        let url = try ServiceURL(store("DATABASE_ENGINE = 'sqlite3'\nDATABASE_NAME = 'r.db'"))
        #expect(url.scheme == "db+sqlite" && url.path.hasPrefix("/") && url.path.hasSuffix("/r.db"))
    }

    @Test func `the environment may say where results go, over the file`() throws {
        #expect(try settings(postgreSQL, environment: ["CELERY_BACKEND": "amqp"]).resultURL == "amqp://")
        #expect(try settings(postgreSQL, environment: ["CELERY_RESULT_BACKEND": "memory://"]).resultURL == "memory://")
    }

    @Test(arguments: [
        ("CELERY_BACKEND = 'database'", "celery.toml:1: CELERY_BACKEND needs DATABASE_ENGINE, which says what kind of database it is"),
        ("\nDATABASE_ENGINE = 'mysql'", "celery.toml:2: DATABASE_ENGINE needs DATABASE_NAME"),
        ("DATABASE_PORT = 'abc'", "celery.toml:1: DATABASE_PORT must be a whole number, not \"abc\""),
        ("CELERY_BACKEND = 'databse'", "celery.toml:1: CELERY_BACKEND must be one of database, amqp, not \"databse\"; did you mean \"database\"?"),
        ("CELERY_RESULT_BACKEND = 'amqp://'\nCELERY_BACKEND = 'amqp'", "celery.toml:2: CELERY_BACKEND contradicts CELERY_RESULT_BACKEND in line 1"),
    ])
    func `what is missing or said twice is named with its line`(text: String, message: String) {
        #expect { try settings(text) } throws: { "\($0)" == message }
    }
}
