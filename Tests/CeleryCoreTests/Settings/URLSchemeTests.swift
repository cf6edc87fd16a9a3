import Testing

@testable import CeleryCore

@Suite struct URLSchemeTests {
    @Test func `each scheme has one row, in lower case`() {
        let names = URLScheme.all.map(\.name)
        #expect(Set(names).count == names.count && names.allSatisfy { $0 == $0.lowercased() })
    }

    @Test func `each service has a scheme`() {
        for service in URLScheme.Service.allCases { #expect(URLScheme.all.contains { $0.service == service }, "\(service)") }
    }

    @Test(arguments: [
        ("db+postgresql+psycopg2", URLScheme.Service.pythonPostgreSQL), ("db+mysql+pymysql", .pythonMariaDB), ("db+mysql", .pythonMariaDB),
        ("cache+pylibmc", .memcached), ("rediss", .redis),
    ])
    func `a scheme names a service, that of a database also with the name of a Python library`(name: String, service: URLScheme.Service) {
        #expect(URLScheme.named(name)?.service == service)
    }

    @Test(arguments: ["db+postgres", "db+sqlite+pysqlite", "redis+fast", "db+", "", "db++x"])
    func `other schemes are unknown`(name: String) {
        #expect(URLScheme.named(name) == nil)
    }

    @Test(arguments: [("amqp://h", 5_672), ("amqps://h", 5_671), ("zmq://h", 5_556), ("stomp://h:7", 7), ("memory://", 0)])
    func `a URL without a port has that of its scheme`(text: String, port: Int) throws {
        #expect(try ServiceURL(text).usedPort == port)
    }

    @Test func `a connection is encrypted by its scheme, or by the option that names a key`() throws {
        for text in ["amqps://h", "rediss://h", "stomp+ssl://h", "amqps10://h", "memcacheds://h/", "zmq://h?server_key=1"] {
            #expect(try ServiceURL(text).isEncrypted, "\(text)")
        }
        for text in ["amqp://h", "redis://h", "zmq://h", "memcached://h/", "sqlite:a.db"] { #expect(try !ServiceURL(text).isEncrypted, "\(text)") }
    }

    @Test func `pyamqp is amqp`() throws {
        #expect(try ServiceURL("pyamqp://u:p@h//") == ServiceURL("amqp://u:p@h//"))
    }
}
