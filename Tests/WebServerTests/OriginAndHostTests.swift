import Testing

@testable import WebServer

/// Whom a request is for, and whose page sends it.
@Suite struct OriginAndHostTests {
    private func request(_ headers: [String: String], byFile: Bool = false, body: String = "") throws -> WebRequest {
        WebRequest(
            "POST", try WebTarget(parsing: "/api/task/revoke/x"), headers: headers.map { WebField($0.key, $0.value) }, body: Array(body.utf8),
            peer: WebPeer(address: byFile ? [] : [127, 0, 0, 1], isByFile: byFile))
    }

    private func status(_ body: () throws -> Void) -> Int? {
        do {
            try body()
            return nil
        } catch {
            return (error as? WebRefusal)?.status
        }
    }

    @Test(arguments: ["localhost", "LOCALHOST:5555", "127.0.0.1", "127.0.0.1:80", "[::1]:5555", "192.0.2.7:5555", "jobs.example:443"])
    func `addresses, localhost and configured names are hosts`(host: String) throws {
        let check = HostCheck(["Jobs.example"])
        #expect(status { try check.check(try request(["host": host])) } == nil)
    }

    @Test(arguments: [
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "jobs.example.evil", "", ":80", "localhost:x", "localhost:80:80", "[::1", "[localhost]",
        "localhost, evil.example", "jobs.example@evil.example",
    ])
    func `a name that a page of another site may have given to this machine is refused`(host: String) throws {
        let check = HostCheck(["jobs.example"])
        #expect(status { try check.check(try request(["host": host])) } == 421)
    }

    @Test func `a request without a host is refused`() throws {
        #expect(status { try HostCheck([]).check(try request([:])) } == 400)
    }

    private let ada = WebIdentity("ada", [.read, .act])

    @Test func `an action comes from a page of this server`() throws {
        let origins = OriginCheck()
        let accepted: [[String: String]] = [
            ["sec-fetch-site": "same-origin", "host": "localhost:5555"],
            ["origin": "http://localhost:5555", "host": "localhost:5555"],
            ["origin": "https://jobs.example", "host": "jobs.example"],
            [OriginCheck.header: origins.token(for: ada), "host": "localhost:5555"],
        ]
        for headers in accepted { #expect(status { try origins.check(try request(headers), ada) } == nil, "\(headers)") }
        let form = try request(
            ["content-type": "application/x-www-form-urlencoded"], body: "a=b&\(OriginCheck.field)=\(origins.token(for: ada))")
        #expect(status { try origins.check(form, ada) } == nil)
    }

    @Test func `an action of another site, or of nobody knows whom, is refused`() throws {
        let origins = OriginCheck()
        let refused: [[String: String]] = [
            [:], ["host": "localhost:5555"],
            ["sec-fetch-site": "cross-site"], ["sec-fetch-site": "same-site"], ["sec-fetch-site": "none"],
            // What the browser says of the site counts before anything else.
            ["sec-fetch-site": "cross-site", "origin": "http://localhost:5555", "host": "localhost:5555"],
            ["origin": "null", "host": "localhost:5555"], ["origin": "http://localhost:80", "host": "localhost:5555"],
            ["origin": "http://localhost:5555.evil.example", "host": "localhost:5555"],
            ["origin": "http://evil.example/localhost:5555", "host": "localhost:5555"],
            [OriginCheck.header: origins.token(for: WebIdentity("eve", []))], [OriginCheck.header: OriginCheck().token(for: ada)],
        ]
        for headers in refused { #expect(status { try origins.check(try request(headers), ada) } == 403, "\(headers)") }
    }

    @Test func `who proves itself by a token of its own, or comes by a Unix socket, is no browser`() throws {
        let origins = OriginCheck()
        #expect(status { try origins.check(try request([:]), WebIdentity("ci", [.act], isBearer: true)) } == nil)
        #expect(status { try origins.check(try request([:], byFile: true), ada) } == nil)
    }
}
