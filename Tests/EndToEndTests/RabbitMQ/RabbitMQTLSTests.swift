import Fixtures
import Testing

/// amqps:// at a real RabbitMQ server, whose certificate is for localhost and 127.0.0.1.
@Suite(.blocking)
struct RabbitMQTLSTests {
    private func apply(_ place: RabbitMQPlace, _ url: String, with variables: [String: String] = [:]) throws -> Ended {
        try place.run("celery apply demo.tasks.add 1 2 -b '\(url)'", with: variables)
    }

    @Test func `a task goes and comes back encrypted`() throws {
        let place = try RabbitMQPlace()
        let url = place.tlsURL("?cacertfile=\(place.server.tlsFolder)/ca.pem")
        try place.project.startWorker(with: place.variables(url))
        let ended = try place.run("celery apply demo.tasks.add 2 3 --wait --timeout 30", with: place.variables(url))
        #expect(ended == Ended("5\n"))
        #expect(try eventually { try place.server.api.expect("GET", "vhosts/\(place.vhost)/connections").contains(#""ssl":true"#) })
        try place.project.stopWorker()
    }

    @Test func `trusts what the system trusts, or the file that is named, and no other`() throws {
        let place = try RabbitMQPlace()
        let authorities = "\(place.server.tlsFolder)/ca.pem"
        #expect(try apply(place, place.tlsURL(), with: ["SSL_CERT_FILE": authorities]).status == 0)
        #expect(try apply(place, place.tlsURL("?cacertfile=\(authorities)")).status == 0)
        let unchecked = try apply(place, place.tlsURL("?verify=verify_none"))
        #expect(unchecked.status == 0)
        #expect(unchecked.errors == """
            celery apply: warning: the certificate of amqps://celery:***@localhost:\(place.server.tlsPort)/\(place.vhost) is not verified, \
            so any server can impersonate it (verify=verify_none)

            """)
        #expect(try apply(place, place.tlsURL("?verify=verify_peer&cacertfile=\(authorities)")).errors == "")
        let untrusted = try apply(place, place.tlsURL())
        #expect(untrusted.status == 69)
        #expect(untrusted.errors.contains("the server's certificate is not trusted"))
        #expect(untrusted.errors.contains("hint: name the file of trusted certificates with ?cacertfile=FILE"))
        #expect(untrusted.errors.contains("amqps://celery:***@localhost:\(place.server.tlsPort)/"))
        for file in ["/nonexistent.pem", "/dev/null", "\(place.server.tlsFolder)/client.key"] {
            let ended = try apply(place, place.tlsURL("?cacertfile=\(file)"))
            #expect(ended.status == 78, "\(ended)")
            #expect(ended.errors.contains("cannot use the certificates in \(file)"))
        }
    }

    @Test func `69 for a certificate of another name`() throws {
        let place = try RabbitMQPlace()
        let options = "?cacertfile=\(place.server.tlsFolder)/ca.pem"
        // An address is compared as well as a name.
        #expect(try apply(place, place.tlsURL(options, host: "127.0.0.1")).status == 0)
        let name = try place.run("hostname").text
        // The name leads to this machine, though not always to loopback.
        let ended = try apply(place, place.tlsURL(options, host: name))
        #expect(ended.status == 69, "\(ended)")
        #expect(ended.errors.contains("another host name") || ended.errors.contains("connection refused"), "\(ended)")
        let ipv6 = try apply(place, place.tlsURL(options, host: "[::1]"))
        #expect(ipv6.status == 69)
    }

    @Test func `shows a certificate of its own`() throws {
        let place = try RabbitMQPlace()
        let folder = place.server.tlsFolder
        let options = "?cacertfile=\(folder)/ca.pem&certfile=\(folder)/client.pem&keyfile=\(folder)/"
        #expect(try apply(place, place.tlsURL(options + "client.key")).status == 0)
        let ended = try apply(place, place.tlsURL(options + "server.key"))
        #expect(ended.status == 78)
        #expect(ended.errors.contains("cannot use the certificate in \(folder)/client.pem with the key in \(folder)/server.key"))
    }

    @Test func `69 quickly where one side speaks TLS and the other does not`() throws {
        let place = try RabbitMQPlace()
        let time = try ContinuousClock().measure {
            let plain = try apply(place, place.url(port: place.server.tlsPort))
            #expect(plain.status == 69)
            #expect(plain.errors.contains("use amqps:// for a TLS port"), "\(plain)")
            let encrypted = try apply(place, place.tlsURL(port: place.server.port))
            #expect(encrypted.status == 69)
            #expect(encrypted.errors.contains("use amqp:// for a port without TLS"), "\(encrypted)")
        }
        #expect(time < .seconds(8).onThisMachine)
    }
}
