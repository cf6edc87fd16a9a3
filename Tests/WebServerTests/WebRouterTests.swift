import CeleryCore
import Testing

@testable import WebServer

/// Requests on their way to an answer.
@Suite(.timeLimit(.minutes(1))) struct WebRouterTests {
    private static let us: UInt32 = 1_234
    private let credentials = try! WebCredentials(
        text: "ada:\(WebCredentialsTests.hash):act\ngrace:\(WebCredentialsTests.hash)\n@ci:\(WebCredentialsTests.tokenHash):act\n")

    private func router(_ change: (inout WebSettings) -> Void = { _ in }, credentials: WebCredentials? = nil) throws -> WebRouter {
        var settings = Settings(projectFolder: "/p").web
        change(&settings)
        let guarding = try WebGuard(settings, credentials, users: [Self.us], failureDelay: .milliseconds(1))
        let says: @Sendable (String) -> @Sendable (WebCall) -> WebServer.Reply = { text in
            { call in
                var response = WebResponse.text("\(text) \(call.parameters["id"] ?? "") \(call.identity.name)")
                response.repeatsUntil = .now + .seconds(600)
                return .now(response)
            }
        }
        return WebRouter(
            [
                WebRoute("GET", "/healthcheck", .open, answer: says("health")),
                WebRoute("GET", "/celery/:id/status", .status, ["id": .text(10), "wait": .whole(0...60)], answer: says("status")),
                WebRoute("GET", "/metrics", .right(.read), answer: says("metrics")),
                WebRoute("POST", "/act/:id", .right(.act), ["id": .text(10), "force": .flag], answer: says("act")),
            ], guarding, origins: settings.origins)
    }

    private func request(
        _ method: String, _ target: String, _ headers: [String: String] = [:], user: UInt32? = us, body: [UInt8] = [],
        address: [UInt8] = [127, 0, 0, 1]
    ) throws -> WebRequest {
        let headers = ["host": "localhost:5555"].merging(headers) { $1 }
        return WebRequest(
            method, try WebTarget(parsing: target), headers: headers.sorted { $0.key < $1.key }.map { WebField($0.key, $0.value) }, body: body,
            peer: WebPeer(address: address, user: user))
    }

    private func ask(_ router: WebRouter, _ request: WebRequest) async -> WebResponse {
        switch router.answer(request) {
        case .now(let response): response
        case .later(let work): await work()
        }
    }

    private func text(_ response: WebResponse) -> String { String(decoding: response.bytes ?? [], as: UTF8.self) }
    private func basic(_ pair: String) -> [String: String] { ["authorization": "Basic \(Base64.encode(pair.utf8))"] }

    @Test func `a process of ours on this machine needs no credentials`() async throws {
        let router = try router()
        #expect(text(await ask(router, try request("GET", "/metrics"))).hasPrefix("metrics"))
        #expect(await ask(router, try request("POST", "/act/x", ["sec-fetch-site": "same-origin"])).status == 200)
    }

    @Test func `another user of this machine, an unknown peer, and whoever comes through a proxy learn nothing`() async throws {
        let router = try router(credentials: credentials)
        let strangers = [
            try request("GET", "/metrics", user: 99), try request("GET", "/metrics", user: nil), try request("GET", "/nothing", user: 99),
            try request("DELETE", "/metrics", user: 99), try request("GET", "/celery/x/status", user: 99),
            try request("GET", "/metrics", ["x-forwarded-for": "192.0.2.1"]), try request("GET", "/metrics", ["forwarded": "for=192.0.2.1"]),
            try request("POST", "/act/x", ["sec-fetch-site": "same-origin"], user: 99),
        ]
        for stranger in strangers {
            let response = await ask(router, stranger)
            #expect(response.status == 401 && response.header("WWW-Authenticate")?.hasPrefix("Basic") == true, "\(stranger.target)")
        }
        #expect(await ask(try self.router(), try request("GET", "/metrics", user: 99)).status == 403)
        #expect(await ask(router, try request("GET", "/healthcheck", user: 99)).status == 200)
    }

    @Test func `a password or a token lets in, and reads and actions are separate`() async throws {
        let router = try router(credentials: credentials)
        func status(_ method: String, _ target: String, _ headers: [String: String]) async throws -> Int {
            await ask(router, try request(method, target, headers.merging(["sec-fetch-site": "same-origin"]) { $1 }, user: nil)).status
        }
        #expect(try await status("GET", "/metrics", basic("grace:secret")) == 200)
        #expect(try await status("POST", "/act/x", basic("grace:secret")) == 403)
        #expect(try await status("POST", "/act/x", basic("ada:secret")) == 200)
        for wrong in ["ada:Secret", "ada:", "eve:secret", "ada", "", "ada:secret\u{0}"] {
            #expect(try await status("GET", "/metrics", basic(wrong)) == 401, "\(wrong)")
        }
        for header in ["Basic", "Basic ???", "Bearer wrong", "Bearer", "Digest x", ""] {
            #expect(try await status("GET", "/metrics", ["authorization": header]) == 401, "\(header)")
        }
        let bearer = try request("POST", "/act/x", ["authorization": "Bearer a long secret token"], user: nil)
        #expect(text(await ask(router, bearer)) == "act x ci")
    }

    @Test func `whoever tries passwords without end locks out himself alone`() async throws {
        let router = try router(credentials: credentials)
        func attempt(_ pair: String, from address: [UInt8]) throws -> WebRequest { try request("GET", "/metrics", basic(pair), user: nil, address: address) }
        #expect(await ask(router, try attempt("grace:secret", from: [192, 0, 2, 9])).status == 200)
        // Their answers come when somebody waits for them.
        let attempts = try (0..<100).map { try attempt("ada:\($0)", from: [192, 0, 2, 1]) }.map(router.answer)
        #expect(attempts.contains { if case .now(let response) = $0 { response.status == 429 } else { false } })
        #expect(await ask(router, try attempt("ada:secret", from: [192, 0, 2, 1])).status == 429)
        // Who was let in before needs no place among those who log in; and another network has places of its own.
        #expect(await ask(router, try attempt("grace:secret", from: [192, 0, 2, 1])).status == 200)
        #expect(await ask(router, try attempt("ada:secret", from: [198, 51, 100, 1])).status == 200)
    }

    @Test func `wrong credentials of our own user are wrong, too`() async throws {
        #expect(await ask(try router(credentials: credentials), try request("GET", "/metrics", basic("ada:wrong"))).status == 401)
    }

    @Test func `a read-only server refuses every action`() async throws {
        let router = try router({ $0.isReadOnly = true }, credentials: credentials)
        #expect(await ask(router, try request("POST", "/act/x", ["sec-fetch-site": "same-origin"])).status == 403)
        #expect(await ask(router, try request("GET", "/metrics")).status == 200)
    }

    @Test func `a public status is read by everybody, at a limited rate, and nothing else is`() async throws {
        let router = try router({ ($0.showsStatusToAll, $0.publicRate) = (true, 3) }, credentials: credentials)
        #expect(await ask(router, try request("POST", "/celery/x/status", user: nil)).status == 401)
        #expect(await ask(router, try request("GET", "/metrics", user: nil)).status == 401)
        var statuses: [Int] = []
        for method in ["GET", "HEAD", "GET", "GET", "GET", "GET", "GET", "GET", "GET"] {
            statuses.append(await ask(router, try request(method, "/celery/x/status", user: nil)).status)
        }
        #expect(statuses.first == 200 && statuses.last == 429, "\(statuses)")
        // Each is counted, so none is answered without the router.
        let others = try self.router({ $0.showsStatusToAll = true }, credentials: credentials)
        #expect(await ask(others, try request("GET", "/celery/x/status", user: nil)).repeatsUntil == nil)
        #expect(await ask(others, try request("GET", "/celery/x/status")).repeatsUntil != nil)
    }

    @Test func `an action needs a proof that a page of ours sends it`() async throws {
        let router = try router()
        #expect(await ask(router, try request("POST", "/act/x")).status == 403)
        #expect(await ask(router, try request("POST", "/act/x", ["sec-fetch-site": "cross-site"])).status == 403)
        #expect(await ask(router, try request("GET", "/act/x")).status == 405)
    }

    @Test func `every parameter is one of the list, and of its kind`() async throws {
        let router = try router()
        for target in ["?wait=61", "?wait=-1", "?wait=x", "?wait=+1", "?wait=", "?callback=f", "?Wait=1"] {
            #expect(await ask(router, try request("GET", "/celery/x/status\(target)")).status == 400, "\(target)")
        }
        #expect(await ask(router, try request("GET", "/celery/x/status/?wait=60")).status == 200)
        #expect(await ask(router, try request("GET", "/celery/01234567890/status")).status == 404)
        let form = ["sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"]
        #expect(await ask(router, try request("POST", "/act/x", form, body: Array("force=1".utf8))).status == 200)
        #expect(await ask(router, try request("POST", "/act/x", form, body: Array("force=maybe".utf8))).status == 400)
        #expect(await ask(router, try request("POST", "/act/x?force=1", form, body: Array("force=0".utf8))).status == 400)
        #expect(await ask(router, try request("GET", "/metrics", body: [1])).status == 400)
    }

    @Test func `every answer has the strict header lines`() async throws {
        let router = try router(credentials: credentials)
        for request in [try request("GET", "/metrics"), try request("GET", "/nothing"), try request("GET", "/", ["host": "evil.example"])] {
            let response = await ask(router, request)
            #expect(response.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
            #expect(response.header("X-Content-Type-Options") == "nosniff" && response.header("Cache-Control") == "no-store")
            #expect(response.header("Access-Control-Allow-Origin") == nil)
        }
    }

    @Test func `a name of another site is refused on every path`() async throws {
        let router = try router()
        for target in ["/healthcheck", "/metrics", "/celery/x/status"] {
            #expect(await ask(router, try request("GET", target, ["host": "evil.example"])).status == 421)
        }
    }

    @Test func `only pages of the listed origins may read the status, and only that`() async throws {
        let router = try router { $0.origins = ["https://shop.example"] }
        let shop = ["origin": "https://shop.example"]
        let status = await ask(router, try request("GET", "/celery/x/status", shop))
        #expect(status.header("Access-Control-Allow-Origin") == "https://shop.example" && status.header("Vary") == "Origin")
        #expect(status.header("Access-Control-Allow-Credentials") == nil)
        for (target, origin) in [("/metrics", "https://shop.example"), ("/celery/x/status", "https://shop.example.evil"), ("/celery/x/status", "null")] {
            let response = await ask(router, try request("GET", target, ["origin": origin]))
            #expect(response.header("Access-Control-Allow-Origin") == nil, "\(target) \(origin)")
        }
        let asks = shop.merging(["access-control-request-method": "GET"]) { $1 }
        #expect(await ask(router, try request("OPTIONS", "/celery/x/status", asks, user: nil)).status == 204)
        let posts = shop.merging(["access-control-request-method": "POST"]) { $1 }
        #expect(await ask(router, try request("OPTIONS", "/celery/x/status", posts, user: nil)).status == 403)
    }

    @Test func `a request that contradicts itself is refused`() throws {
        var doubled = try request("GET", "/metrics")
        doubled.headers.append(WebField("host", "evil.example"))
        #expect(throws: WebRefusal.self) { try doubled.check() }
        let both = try request("POST", "/act/x", ["content-length": "3", "transfer-encoding": "chunked"])
        #expect(throws: WebRefusal.self) { try both.check() }
    }
}
