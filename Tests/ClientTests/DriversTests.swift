import Brokers
import CeleryCore
import Fixtures
import ResultStores
import Testing

@testable import Client

@Suite struct DriversTests {
    private func settings(results: String, broker: String = "memory://") -> Settings {
        var settings = Settings(projectFolder: "/nowhere")
        (settings.brokerURL, settings.resultURL) = (broker, results)
        return settings
    }

    private func failure(_ settings: Settings) -> DriverError? {
        #expect(throws: DriverError.self) { _ = try Drivers.open(settings).openStore() }
    }

    /// A server is first asked when it is needed.
    @Test(arguments: [
        ("redis://:hush@h/0", "redis://:***@h/0"), ("rediss://u:hush@h:7/1?ssl_cert_reqs=required", "rediss://u:***@h:7/1"),
        ("socket:///run/redis.sock", "socket:///run/redis.sock"), ("redis+socket:///run/redis.sock?virtual_host=2", "redis+socket:///run/redis.sock"),
    ])
    func `results may be in a Redis server`(url: String, location: String) throws {
        let store = try Drivers.open(settings(results: url)).openStore()
        #expect(store is RedisResultStore && store.location == location)
    }

    @Test(arguments: [
        ("db+postgresql://u:hush@h:5433/a", "db+postgresql://u:***@h:5433/a"), ("db+postgresql+psycopg2://h/a", "db+postgresql+psycopg2://h/a"),
        ("db+mysql+pymysql://u:hush@h/a", "db+mysql+pymysql://u:***@h/a"), ("db+mariadb://h/a", "db+mariadb://h/a"),
        ("db+oracle+oracledb://u:hush@h/a?driver=Oracle", "db+oracle+oracledb://u:***@h/a"),
    ])
    func `results may be in the database of a server, whatever library Python uses`(url: String, location: String) throws {
        let store = try Drivers.open(settings(results: url)).openStore()
        #expect(store is PythonDatabaseStore && store.location == location)
        let databases = try TableSync.databases(of: settings(results: url))
        #expect(databases.map(\.path) == [location] && databases[0].resultFormat == .json)
    }

    @Test func `results may be in our own layout in PostgreSQL, which is no broker`() throws {
        let store = try Drivers.open(settings(results: "postgresql://u:hush@h:5433/a?sslmode=require")).openStore()
        #expect(store is PostgreSQLResultStore && store.location == "postgresql://u:***@h:5433/a")
        let databases = try TableSync.databases(of: settings(results: "postgresql://u:hush@h/a"))
        #expect(databases.map(\.path) == ["postgresql://u:***@h/a"] && databases[0].resultFormat == nil)
        let option = failure(settings(results: "postgresql://u:hush@h/a?sslmod=require"))
        #expect(option?.code == .configuration && option?.message == "postgresql://u:***@h/a: unknown option 'sslmod'; did you mean 'sslmode'?")
        let broker = failure(settings(results: "memory://", broker: "postgresql://u:hush@h/a"))
        #expect(broker?.message == "this version has no broker driver for postgresql://u:***@h/a")
    }

    @Test func `refuses misspelled options of databases, without the password`() {
        let error = failure(settings(results: "db+postgresql://u:hush@h/a?sslmod=require"))
        #expect(error?.code == .configuration && error?.message == "db+postgresql://u:***@h/a: unknown option 'sslmod'; did you mean 'sslmode'?")
        #expect(failure(settings(results: "db+postgres://h/a"))?.message.contains("unknown scheme 'db+postgres'") == true)
    }

    @Test func `rpc results need RabbitMQ, and the error says what to name instead`() {
        let redis = failure(settings(results: "rpc://", broker: "redis://:hush@h/0"))
        #expect(redis?.code == .configuration && redis?.message.contains("need an amqp:// broker") == true)
        #expect(redis?.message.hasSuffix("but the broker is redis://:***@h/0") == true && redis?.hint?.hasPrefix("name the same server as result store") == true)
        #expect(failure(settings(results: "rpc://"))?.hint == "leave the result store out of the settings to keep results in celery.db")
    }

    @Test(arguments: ["memcacheds", "cache+memcacheds"]) func `results in Memcached may go by TLS, which a worker warns of if unchecked`(scheme: String) throws {
        let url = "\(scheme)://h:1;i:2/?ssl_ca_certs=/ca.pem"
        #expect(try Drivers.open(settings(results: url)).openStore() is MemcachedResultStore)
        #expect(Drivers.warnings(settings(results: url)).isEmpty)
        #expect(Drivers.warnings(settings(results: "\(url)&ssl_cert_reqs=none")).first?.contains("ssl_cert_reqs=none") == true)
    }

    @Test func `refuses misspelled options and prefixes, without the password`() {
        let option = failure(settings(results: "redis://:hush@h/0?socket_timeot=1"))
        #expect(option?.code == .configuration && option?.message == "redis://:***@h/0: unknown option 'socket_timeot'; did you mean 'socket_timeout'?")
        var settings = settings(results: "redis://h/0")
        settings.resultKeyPrefix = "a\nb"
        #expect(failure(settings)?.message == "CELERY_RESULT_KEY_PREFIX has a line break or NUL in it")
    }

    @Test(arguments: ["sentinel://:hush@h:26379", "redis+cluster://:hush@h:6379"])
    func `refuses Sentinel and cluster, and says what works`(url: String) {
        let error = failure(settings(results: url))
        #expect(error?.code == .configuration && error?.hint == "name a single server, such as redis://host:6379/0")
        #expect(error?.message.hasPrefix("Redis Sentinel and Redis Cluster are not supported as result store") == true)
        #expect(error?.message.contains("hush") == false)
        let broker = failure(settings(results: "memory://", broker: url))
        #expect(broker?.message.hasPrefix("Redis Sentinel and Redis Cluster are not supported as broker") == true)
    }

    @Test func `a Redis server may be the broker, with options of kombu's`() throws {
        let broker = try Drivers.open(settings(results: "memory://", broker: "redis://:hush@h/0?visibility_timeout=600&global_keyprefix=a")).broker
        #expect(broker is RedisBroker && broker.location == "redis://:***@h/0")
        let error = failure(settings(results: "memory://", broker: "redis://:hush@h/0?visibility_timeot=600"))
        #expect(error?.code == .configuration)
        #expect(error?.message == "redis://:***@h/0: unknown option 'visibility_timeot'; did you mean 'visibility_timeout'?")
    }

    @Test(arguments: ["amqp10://u:hush@h/shop?destination_prefix=a.", "amqps10://u:hush@h/shop?ssl_cert_reqs=none"])
    func `an AMQP 1.0 server is a broker`(url: String) throws {
        let connections = try Drivers.open(settings(results: "memory://", broker: url))
        #expect(connections.broker is AMQP10Broker && !connections.broker.location.contains("hush"))
        let error = failure(settings(results: "memory://", broker: "amqp10://h?hostnam=a"))
        #expect(error?.message == "amqp10://h: unknown option 'hostnam'; did you mean 'hostname'?")
        #expect(failure(settings(results: url))?.message.hasPrefix("this version has no result store driver for amqp") == true)
    }

    @Test(arguments: ["stomp://u:hush@h/shop?destination_prefix=a.", "stomp+ssl://u:hush@h/shop?ssl_cert_reqs=none"])
    func `a server that speaks STOMP may be the broker`(url: String) throws {
        let settings = settings(results: "memory://", broker: url)
        let broker = try Drivers.open(settings).broker
        #expect(broker is STOMPBroker && broker.location == url.prefix { $0 != ":" } + "://u:***@h/shop")
        #expect(Drivers.warnings(settings).count == (url.contains("ssl_cert_reqs") ? 1 : 0))
        let error = failure(self.settings(results: "memory://", broker: "stomp://h?destination_prefx=a"))
        #expect(error?.message == "stomp://h: unknown option 'destination_prefx'; did you mean 'destination_prefix'?")
        #expect(failure(self.settings(results: "stomp://h"))?.message == "this version has no result store driver for stomp://h")
    }

    @Test(arguments: ["cache+memcached://h:1;i:2/", "memcached://h:1/", "pylibmc://h:1/"])
    func `results may be in Memcached servers`(url: String) throws {
        let store = try Drivers.open(settings(results: url)).openStore()
        #expect(store is MemcachedResultStore && store.location == url)
    }

    @Test func `results may be in a folder, which has no options`() throws {
        let folder = TemporaryFolder()
        let store = try Drivers.open(settings(results: "file://\(folder.path)/results")).openStore()
        #expect(store is FolderResultStore && store.location == "file://\(folder.path)/results")
        let error = failure(settings(results: "file://\(folder.path)?encoding=utf8"))
        #expect(error?.code == .configuration && error?.message.hasSuffix("a folder of results has no options") == true)
        #expect(failure(settings(results: "memory://", broker: "file:///x"))?.message == "this version has no broker driver for file:///x")
    }

    @Test func `refuses what is no Memcached server, and Memcached as a broker`() {
        let port = failure(settings(results: "memcached://h:hush/"))
        #expect(port?.code == .configuration && port?.message == "memcached://h:***: a server is written host:port, with ; between several")
        let broker = failure(settings(results: "memory://", broker: "memcached://h:1/"))
        #expect(broker?.message == "this version has no broker driver for memcached://h:1/")
    }

    @Test func `results may be in a Tokyo Tyrant server, which keeps no messages`() throws {
        let store = try Drivers.open(settings(results: "tyrant://h:1979")).openStore()
        #expect(store is TyrantResultStore && store.location == "tyrant://h:1979")
        let option = failure(settings(results: "tyrant://h?timeot=1"))
        #expect(option?.code == .configuration && option?.message == "tyrant://h: a URL of Tokyo Tyrant has no option 'timeot'")
        let broker = failure(settings(results: "memory://", broker: "tyrant://h"))
        #expect(broker?.message == "this version has no broker driver for tyrant://h")
    }

    @Test func `results may be in a MongoDB database`() throws {
        let store = try Drivers.open(settings(results: "mongodb://u:hush@a:1,b/shop?replicaSet=rs")).openStore()
        #expect(store is MongoResultStore && store.location == "mongodb://u:***@a:1,b/shop")
        let option = failure(settings(results: "mongodb://u:hush@h/a?authSorce=b"))
        #expect(option?.code == .configuration && option?.message == "mongodb://u:***@h/a: unknown option 'authSorce'; did you mean 'authSource'?")
        let lookup = failure(settings(results: "mongodb+srv://u:hush@h/a"))
        #expect(lookup?.code == .configuration && lookup?.message.contains("not looked up in the DNS") == true)
        let broker = failure(settings(results: "memory://", broker: "mongodb://u:hush@h/a"))
        #expect(broker?.message == "this version has no broker driver for mongodb://u:***@h/a")
    }

    @Test(arguments: ["amqp", "pyamqp", "PyAMQP"]) func `RabbitMQ is the broker by each of its names`(scheme: String) throws {
        let broker = try Drivers.open(settings(results: "memory://", broker: "\(scheme)://u:hush@h/v")).broker
        #expect(broker is AMQPBroker && broker.location == "amqp://u:***@h/v")
    }

    /// The others are options that are missing, or a server of which there is none in this version.
    @Test func `every scheme of the table is known, as broker and as result store`() {
        let folder = TemporaryFolder()
        for scheme in URLScheme.all.map(\.name) {
            for role in ["broker", "result store"] {
                let url = "\(scheme)://\(folder.path)/place"
                let settings = role == "broker" ? settings(results: "memory://", broker: url) : settings(results: url)
                do {
                    _ = try Drivers.open(settings)
                } catch {
                    let message = "\(error)"
                    #expect(!message.contains("unknown scheme"), "\(scheme) as \(role): \(message)")
                }
            }
        }
    }

    @Test func `warns of certificates that are not checked`() {
        for (url, option) in [
            ("rediss://h/0?ssl_cert_reqs=none", "ssl_cert_reqs=none"), ("rediss://h/0?ssl_cert_reqs=CERT_NONE", "ssl_cert_reqs=CERT_NONE"),
            ("rediss://h/0?ssl_check_hostname=false", "ssl_check_hostname=false"), ("amqps://h//?verify=verify_none", "verify=verify_none"),
            ("mongodb://h/a?tlsinsecure=true", "tlsInsecure=true"), ("mongodb://h/a?tls=true&tlsAllowInvalidHostnames=true", "tlsAllowInvalidHostnames=true"),
            ("db+mysql+pymysql://h/a?ssl_verify_cert=false&ssl_ca=/ca.pem", "ssl_verify_cert=false"),
        ] {
            let warnings = Drivers.warnings(settings(results: url))
            #expect(warnings.count == 1 && warnings.first?.hasSuffix("is not verified, so any server can impersonate it (\(option))") == true, "\(url)")
        }
        #expect(Drivers.warnings(settings(results: "rediss://h/0?ssl_cert_reqs=required")).isEmpty)
        #expect(Drivers.warnings(settings(results: "rediss://h/0")).isEmpty)
    }
}
