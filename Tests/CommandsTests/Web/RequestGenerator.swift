import CeleryCore

/// Makes up requests: mostly those that the documented API has, with hostile values in any place.
struct RequestGenerator<Random: RandomNumberGenerator> {
    struct Request: Sendable {
        var method: String
        var target: String
        var headers: [(String, String)] = []
        var body: [UInt8] = []
        var isFromHere = true
    }

    private var random: Random
    /// Ids and names that there are.
    private let known: [String]
    private let tokens: [String]

    /// What a page must never have as it is.
    static var markers: [String] { ["<script>alert(1)", "\" onx=\"", "' onx='"] }

    init(_ random: Random, known: [String], tokens: [String]) {
        self.random = random
        self.known = known
        self.tokens = tokens
    }

    /// Methods, paths with a colon in the place of each value, and parameters. Those that wait have only the value that does not.
    private static var table: String {
        """
        GET /celery/:/status wait=0 strict _
        GET /celery/:/done strict _
        GET /celery/tasks _
        POST /celery/apply/: a
        GET /healthcheck
        GET /healthcheck/complete
        GET /metrics
        GET /api/workers refresh status workername
        GET /api/tasks limit offset workername taskname state search sort_by received_start started_end
        GET /api/task/types
        GET /api/task/info/:
        GET /api/task/result/: timeout=0
        GET /api/queues/length
        POST /api/task/apply/:
        POST /api/task/async-apply/:
        POST /api/task/send-task/:
        POST /api/task/revoke/: terminate signal
        POST /api/task/abort/:
        POST /api/task/timeout/: workername soft hard
        POST /api/task/rate-limit/: workername ratelimit
        GET / done
        GET /tasks state task queue text since until at done
        POST /tasks/retry state task queue text
        POST /tasks/revoke state task queue text
        GET /task/: done
        POST /task/:/retry
        POST /task/:/revoke
        POST /task/:/terminate
        GET /queues done
        GET /queues/: done
        POST /queues/:/purge
        POST /queues/:/pause for
        POST /queues/:/resume
        GET /workers done
        POST /workers/:/: n queue min max
        POST /workers/:/pool_grow n
        GET /beat done
        POST /beat/:/run
        POST /beat/:/pause for
        POST /beat/:/backfill since until
        GET /sets done
        GET /sets/: from done
        POST /sets/:/revoke
        GET /dead task queue reason after text done
        GET /dead/: done
        POST /dead/replay task queue reason
        POST /dead/:/drop
        POST /dead/:/:
        GET /assets/:
        GET /live
        GET /:
        GET /:/:/:/:
        """
    }

    private let routes = Self.table.split(separator: "\n").map { line in
        let words = line.split(separator: " ").map(String.init)
        return (method: words[0], path: words[1], parameters: Array(words[2...]))
    }

    private static var words: [String] {
        [
            "retry", "revoke", "terminate", "purge", "pause", "resume", "run", "backfill", "replay", "drop", "celery", "FAILURE", "success", "waiting", "running",
            "1", "0", "true", "60", "-1", "name", "-runtime", "2026-11-29 18:30", "1h", "10/m", "SIGKILL", "TERM", ".", "-.-", "1200.", "style.css", "celery.run",
            "celery.webhook", "shop.sell", "shop.*", "ping", "shutdown", "pool_grow",
        ]
    }

    private static var hostile: [String] {
        markers + [
            "<script>alert(1)</script>", "\"><script>alert(1)</script>", "'; DROP TABLE message; --", "' OR '1'='1", "%", "_", "\\", "..", "../../etc/passwd", "a/b",
            "\u{0}", "\n", "\r\nSet-Cookie: a=b", " ", "é", "\u{202E}", "\u{FEFF}", "🤯", "", "[", "[[:alpha:]]", "*", "{}", "null", "NaN", "1e999", "0x10", "+1",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999", String(repeating: "x", count: 300),
            String(repeating: "🤯", count: 600),
        ]
    }

    private mutating func pick(_ values: [String]) -> String { values.randomElement(using: &random) ?? "" }

    private mutating func chance(_ part: Int, of whole: Int) -> Bool { Int.random(in: 0..<whole, using: &random) < part }

    private mutating func value() -> String {
        if chance(4, of: 10), !known.isEmpty { return pick(known) }
        return chance(1, of: 2) ? pick(Self.words) : pick(Self.hostile)
    }

    /// Mostly well encoded; sometimes as it is, or broken.
    private mutating func encoded(_ text: String) -> String {
        if chance(1, of: 20) { return text }
        if chance(1, of: 30) { return "%" + pick(["", "f", "zz", "ff", "00", "2e%2e", "2f"]) }
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~*".utf8)
        return text.utf8.map { byte in
            plain.contains(byte) ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private mutating func fields(_ names: [String]) -> String {
        var pairs: [String] = []
        for name in names where chance(1, of: 3) {
            // A parameter with its only value.
            pairs.append(name.contains("=") ? name : "\(name)=\(encoded(value()))")
        }
        if chance(1, of: 12) { pairs.append("\(encoded(value()))=\(encoded(value()))") }
        if chance(1, of: 20), let pair = pairs.first { pairs.append(pair) }
        return pairs.joined(separator: "&")
    }

    mutating func next() -> Request {
        let route = routes.randomElement(using: &random)!
        var path = ""
        for (index, part) in route.path.split(separator: ":", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { path += encoded(value()) }
            path += part
        }
        if chance(1, of: 4), path != "/" { path += "/" }
        let query = fields(route.parameters)
        var request = Request(method: route.method, target: query.isEmpty ? path : "\(path)?\(query)")
        if chance(1, of: 8) { request.method = pick(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", ""]) }
        request.isFromHere = chance(8, of: 10)
        addHeaders(to: &request)
        if request.method != "GET" || chance(1, of: 20) { addBody(to: &request, route.parameters) }
        return request
    }

    private mutating func addHeaders(to request: inout Request) {
        func add(_ name: String, _ value: String) { request.headers.append((name, value)) }
        if request.method != "GET", chance(9, of: 10) { add("sec-fetch-site", pick(["same-origin", "same-origin", "same-origin", "cross-site", "none"])) }
        if chance(1, of: 2) { add("accept", pick(["text/html", "application/json", "*/*", "text/event-stream", "application/openmetrics-text", value()])) }
        if chance(1, of: 3) { add("authorization", pick(tokens.map { "Bearer \($0)" } + ["Bearer", "Basic YTpi", "Basic !", "Digest x", value()])) }
        if chance(1, of: 15) { add("host", pick(["localhost:5555", "127.0.0.1", "[::1]:1", "evil.example", "", "localhost:x", value()])) }
        if chance(1, of: 15) { add("origin", pick(["http://localhost", "null", "http://evil.example", value()])) }
        if chance(1, of: 15) { add("x-forwarded-for", value()) }
        if chance(1, of: 10) { add("if-none-match", pick(["*", "\"x\"", value()])) }
        if chance(1, of: 20) { add("last-event-id", value()) }
        if chance(1, of: 8) { add("idempotency-key", value()) }
        if chance(1, of: 30) { add("content-length", "1") }
        if chance(1, of: 30) { add("transfer-encoding", "chunked") }
        if chance(1, of: 40), let first = request.headers.first { request.headers.append(first) }
    }

    private mutating func addBody(to request: inout Request, _ names: [String]) {
        func type(_ name: String) { request.headers.append(("content-type", name)) }
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return
        case 1...3:
            type("application/x-www-form-urlencoded")
            request.body = Array(fields(names + ["_token"]).utf8)
        case 4...7:
            type("application/json")
            request.body = json(3).bytes()
            if chance(1, of: 6) { request.body = Array(request.body.dropLast(Int.random(in: 0...5, using: &random))) }
        case 8:
            type(pick(["text/plain", "application/json; charset=utf-8", "multipart/form-data", value()]))
            request.body = Array(value().utf8)
        default:
            type("application/json")
            request.body = (0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        }
    }

    /// Mostly an object with members that a submission may have.
    private mutating func json(_ depth: Int) -> JSON {
        let names = ["args", "kwargs", "countdown", "expires", "eta", "queue", "priority", "headers", "max_retries", "link", "task_id"]
        switch depth == 3 ? (chance(9, of: 10) ? 5 : 4) : Int.random(in: 0...(depth > 0 ? 5 : 3), using: &random) {
        case 0: return .string(value())
        case 1: return .int(Int64.random(in: -100...100, using: &random))
        case 2: return .double(Double.random(in: -1...1e10, using: &random))
        case 3: return [.null, .bool(true), .int(.max)].randomElement(using: &random)!
        case 4: return .array((0..<Int.random(in: 0...3, using: &random)).map { _ in json(depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0...3, using: &random) { object[chance(8, of: 10) ? pick(names) : value()] = json(depth - 1) }
            return .object(object)
        }
    }
}
