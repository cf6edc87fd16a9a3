import CeleryCore
import Client
import WebServer

/// The status URL: below `/celery/`, as the original had it, and django-celery after it.
struct StatusRoutes: Sendable {
    private let client: Client
    private let tasks: WebTasks
    private let failures: WebFailures
    private let feed: StatusFeed
    private let cache = StatusCache()

    init(client: Client, tasks: WebTasks, failures: WebFailures) {
        self.client = client
        self.tasks = tasks
        self.failures = failures
        feed = StatusFeed(client: client)
    }

    /// Seconds of the longest poll.
    private static let longestWait = 60
    /// How long a stream without credentials goes on.
    private static let publicStream: Duration = .seconds(300)

    var routes: [WebRoute] {
        let parameters: [String: WebParameterKind] = [
            "id": .check(Self.isID), "wait": .whole(0...Self.longestWait), "strict": .flag,
            // What jQuery adds so that no cache answers.
            "_": .whole(0...Int.max),
        ]
        return [
            WebRoute("GET", "/celery/:id/status", .status, parameters) { answer($0, isShort: false) },
            WebRoute("GET", "/celery/:id/done", .status, parameters) { answer($0, isShort: true) },
            WebRoute("GET", "/celery/tasks", .right(.read), ["_": .whole(0...Int.max)]) { _ in
                failures.answer {
                    .json(["regular": .array(try await tasks.all().map(JSON.string)), "periodic": ""])
                }
            },
        ]
    }

    /// As the routes of the original: letters, digits, `_`, `-` and `.`.
    static func isID(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || "_-.".utf8.contains($0) }
    }

    private func answer(_ call: WebCall, isShort: Bool) -> WebServer.Reply {
        let id = TaskID(call.parameters["id"] ?? "")
        if !isShort, call.request.header("accept")?.contains(text: "text/event-stream") == true { return streamed(id, call) }
        // Most requests are for tasks that have ended, and need no look at all.
        if let (shown, end) = cache.shown(id) {
            var response = response(shown, call, isShort)
            response.repeatsUntil = end
            return .now(response)
        }
        let wait = call.parameters.number("wait") ?? 0
        return failures.answer {
            var document = try await client.statusDocument(of: id, hidingResults: client.settings.web.hidesResults)
            if wait > 0, !document.isFinished {
                let end = ContinuousClock.now + .seconds(wait)
                for await item in await feed.watch(id, until: end) {
                    if case .status(let next) = item { document = next }
                }
                try Task.checkCancellation()
            }
            let shown = ShownStatus(document)
            if document.isFinished { cache.keep(shown) }
            return response(shown, call, isShort)
        }
    }

    private func response(_ shown: ShownStatus, _ call: WebCall, _ isShort: Bool) -> WebResponse {
        let status = call.parameters.flag("strict") && !shown.document.isKnown ? 404 : 200
        var headers = [WebField("Content-Type", "application/json")]
        if let tag = isShort ? nil : shown.tag {
            headers.append(WebField("ETag", tag))
            if call.request.header("if-none-match").map({ Self.names(tag, $0) }) == true { return WebResponse(304, headers: headers) }
        }
        return WebResponse(status, headers: headers, body: .bytes(isShort ? shown.document.executed.bytes() : shown.body))
    }

    /// Whether an If-None-Match names a tag.
    private static func names(_ tag: String, _ header: String) -> Bool {
        header == "*" || header.split(separator: ",").contains { part in
            let part = part.drop { $0 == " " }
            return part == tag || part == "W/\(tag)"
        }
    }

    /// A stream of events. A browser that connects again has seen the last one, and is told to stop.
    private func streamed(_ id: TaskID, _ call: WebCall) -> WebServer.Reply {
        guard let seen = call.request.header("last-event-id") else { return .now(stream(id, call)) }
        return failures.answer {
            let shown = ShownStatus(try await client.statusDocument(of: id, hidingResults: client.settings.web.hidesResults))
            return shown.tag == "\"\(seen)\"" ? WebResponse(204) : stream(id, call)
        }
    }

    /// One event for each state; the last one ends the stream.
    private func stream(_ id: TaskID, _ call: WebCall) -> WebResponse {
        WebResponse(
            200, headers: [WebField("Content-Type", "text/event-stream"), WebField("X-Accel-Buffering", "no")],
            body: .stream { stream in
                // Who needs no credentials is not to hold connections for ever; a browser connects again by itself.
                let end = call.identity.rights.isEmpty ? ContinuousClock.now + Self.publicStream : nil
                for await item in await feed.watch(id, until: end) {
                    switch item {
                    case .pulse: guard stream.sendComment() else { return }
                    case .status(let document):
                        let shown = ShownStatus(document)
                        if document.isFinished { cache.keep(shown) }
                        let name = shown.tag.map { "id: \($0.dropFirst().dropLast())\n" } ?? ""
                        guard stream.write(Array("\(name)data: ".utf8) + shown.body + Array("\n\n".utf8)) else { return }
                    }
                }
            })
    }
}
