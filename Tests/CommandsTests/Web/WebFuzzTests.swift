import CeleryCore
import Fixtures
import Glibc
import Testing
import WebServer
import Wire

@testable import Client
@testable import Commands

/// The whole HTTP API under made-up requests.
@Suite(.timeLimit(.minutes(10))) struct WebFuzzTests {
    private static let tokens = ["acting", "reading", "applying"]
    private static let auth = zip(tokens, ["act", "read", "apply=shop.*"])
        .map { "@\($0):\(Hexadecimal.text(SHA256.hash($0.utf8))):\($1)\n" }.joined()

    /// A project with tasks in every state, whose names, arguments and results are hostile where they can be.
    private func site(_ settings: String = "") async throws -> (site: SiteFixture, known: [String]) {
        let site = try SiteFixture("CELERY_WEB_APPLY = [\"shop.*\"]\nCELERY_WEB_ORIGINS = [\"https://shop.example\"]\n" + settings, auth: Self.auth)
        var known = ["celery", "shop.sell"]
        let states: [TaskState] = [.success, .failure, .retry, .revoked, .custom("<script>alert(1)</script>")]
        for (number, text) in RequestGenerator<SeededGenerator>.markers.enumerated() {
            for (place, state) in states.enumerated() {
                let id = "t-\(number)-\(place)"
                var result = TaskResult(id: TaskID(id), state: state, value: .string(text))
                (result.task, result.queue, result.worker, result.attempt) = ("shop\(text)", text, text, 1)
                (result.dateStarted, result.dateDone, result.traceback) = (.now, .now, text)
                if state == .failure { result.failure = TaskFailure(type: text, arguments: [.string(text)]) }
                result.request = Message(
                    id: result.id, task: "shop\(text)", body: BodyCodec.encode(TaskArguments(args: [.string(text)], kwargs: ["name": .string(text)])))
                try await site.client.store.store([result])
                known.append(id)
            }
            var options = SendOptions()
            options.queue = text
            let message = site.client.factory.message("shop\(text)", args: [.string(text)], kwargs: [:], options: options)
            try await site.client.publish([message])
            known += [message.id.text, text]
        }
        return (site, known)
    }

    /// When the files of the database were last written, and how large they are.
    private func files(_ site: SiteFixture) -> [String] {
        ["celery.db", "celery.db-wal"].map { name in
            var status = stat()
            guard stat(site.folder.file(name), &status) == 0 else { return "none" }
            return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
        }
    }

    private func fuzz(_ settings: String, seed: UInt64, rounds: Int) async throws {
        let (site, known) = try await site(settings)
        var generator = RequestGenerator(SeededGenerator(seed: seed), known: known, tokens: Self.tokens)
        var statuses: [Int: Int] = [:]
        for round in 0..<rounds {
            let request = generator.next()
            let before = files(site)
            let response = await site.ask(
                request.method, request.target, headers: request.headers, body: request.body,
                peer: request.isFromHere ? SiteFixture.here : SiteFixture.elsewhere)
            statuses[response.status, default: 0] += 1
            let about = "round \(round) of seed \(seed): \(request.method) \(request.target) \(request.headers) \(String(decoding: request.body, as: UTF8.self)) -> \(response.status)"
            check(response, about)
            if ["GET", "HEAD"].contains(request.method) { #expect(files(site) == before, "\(about)") }
        }
        // The requests are not all refused at the door.
        if rounds >= 500 {
            #expect((statuses[200] ?? 0) > rounds / 20, "\(statuses)")
            #expect([303, 400, 401, 403, 404, 405, 421].allSatisfy { statuses[$0] != nil } || !settings.isEmpty, "\(statuses)")
        }
        await site.client.close()
    }

    private func check(_ response: WebResponse, _ about: String) {
        #expect(response.status >= 200 && response.status < 500, "\(about)")
        #expect(response.header("content-security-policy")?.hasPrefix("default-src 'none'") == true, "\(about)")
        #expect(response.header("x-content-type-options") == "nosniff", "\(about)")
        #expect(response.headers.allSatisfy { !$0.value.utf8.contains(0x0A) && !$0.value.utf8.contains(0x0D) }, "\(about)")
        switch response.status {
        case 401: #expect(response.header("www-authenticate") != nil, "\(about)")
        case 405: #expect(response.header("allow") != nil, "\(about)")
        case 429: #expect(response.header("retry-after") != nil, "\(about)")
        default: break
        }
        guard let bytes = response.bytes, !bytes.isEmpty else { return }
        let type = response.header("content-type") ?? ""
        if type.hasPrefix("text/html") {
            let text = String(decoding: bytes, as: UTF8.self)
            for marker in RequestGenerator<SeededGenerator>.markers { #expect(!text.contains(text: marker), "\(about)") }
        } else if type.hasPrefix("application/json") {
            let json = try? JSON(parsing: bytes)
            #expect(json != nil, "\(about)")
            if response.status >= 400 { #expect(json?["error"]?.stringValue?.isEmpty == false, "\(about)") }
        } else {
            // Nothing else that a browser would take for a document.
            let types = ["text/plain", "application/openmetrics-text", "text/css", "text/javascript", "image/"]
            #expect(types.contains { type.hasPrefix($0) }, "\(about) \(type)")
        }
    }

    @Test(arguments: [1, 2]) func `no request makes it fail, change something by GET, or show a text as a part of its page`(seed: UInt64) async throws {
        try await fuzz("", seed: seed, rounds: fuzzRounds(1_500))
    }

    @Test func `neither where results are hidden and nobody may act`() async throws {
        try await fuzz("CELERY_WEB_HIDE_RESULTS = true\nCELERY_WEB_READ_ONLY = true\nCELERY_WEB_PUBLIC_STATUS = true\n", seed: 3, rounds: fuzzRounds(700))
    }
}
