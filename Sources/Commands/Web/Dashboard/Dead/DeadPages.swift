import CeleryCore
import Client
import WebServer

/// `/dead`: dead letters, to be looked at, sent again or dropped.
struct DeadPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// Letters on a page.
    private static let length = 50
    /// Letters of one moment that a page skips at its beginning.
    private static let mostOfMoment = 1_000
    /// Letters that an action changes at a time.
    private static let piece = 200

    var routes: [WebRoute] {
        let key: [String: WebParameterKind] = ["key": .text(512)]
        return [
            WebRoute("GET", "/dead", .right(.read), DeadSearch.parameters) { call in
                dashboard.page(call) { try await page(DeadSearch(call.parameters), $0) }
            },
            WebRoute("GET", "/dead/:key", .right(.read), key.merging(["done": .check(Notices.isID)]) { $1 }) { call in
                dashboard.page(call) { try await page(of: call.parameters["key"] ?? "", $0) }
            },
            WebRoute("POST", "/dead/replay", .right(.act), DeadSearch.fields) { call in
                let search = DeadSearch(call.parameters)
                return act(call, "replays", search.filter, search.options, back: search.path(), replay)
            },
            WebRoute("POST", "/dead/drop", .right(.act), DeadSearch.fields) { call in
                let search = DeadSearch(call.parameters)
                return act(call, "drops", search.filter, search.options, back: search.path(), drop)
            },
            WebRoute("POST", "/dead/:key/replay", .right(.act), key) { call in
                let key = call.parameters["key"] ?? ""
                return act(call, "replays", Self.only(key), [key], back: PagePath("dead"), replay)
            },
            WebRoute("POST", "/dead/:key/drop", .right(.act), key) { call in
                let key = call.parameters["key"] ?? ""
                return act(call, "drops", Self.only(key), [key], back: PagePath("dead"), drop)
            },
        ]
    }

    private static func only(_ key: String) -> DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.keys = [key]
        return filter
    }

    // MARK: Pages

    private func page(_ search: DeadSearch, _ viewer: Viewer) async throws -> Page {
        let keeping = try DeadOptions.keeping(client)
        var letters = try await letters(search, keeping)
        let hasMore = letters.count > Self.length
        letters = Array(letters.prefix(Self.length))
        var sheet = Sheet(
            caption: "Dead letters", headings: ["Id", "Task", "Queue", "Reason", "Given up", "Attempts", Sheet.actions], numbers: [5],
            empty: search.filter.isOpen ? "There are none." : "None matches.")
        for letter in letters {
            let path = PagePath("dead", letter.key)
            sheet.rows.append([
                path.isPossible ? "<a class=\"id\" href=\"\(path)\">\(letter.key.forLog)</a>" : Shown.code(letter.key.forLog),
                HTML(letter.task?.forLog ?? "-"), Shown.queue(letter.queue), HTML(letter.burial.reason.name.forLog),
                Shown.ago(letter.burial.date, viewer.now), "\(letter.burial.attempts)", PageAction.html(actions(letter), viewer),
            ])
        }
        let next = hasMore ? letters.last.map { last -> HTML in
            "<nav aria-label=\"Pages of dead letters\"><p><a rel=\"next\" href=\"\(search.path(after: last))\">Newer</a></p></nav>"
        } : nil
        return Page(
            title: "Dead letters", area: .dead, head: form(search),
            body: "\(sheet.html)\(next)\(ShellLine.html("celery dead list"))\(letters.isEmpty ? "" : bulk(search, viewer))")
    }

    /// A page and one more, oldest first.
    private func letters(_ search: DeadSearch, _ keeping: any DeadLetterKeeping) async throws -> [DeadLetter] {
        var filter = search.filter
        guard let after = search.after else { return try await keeping.deadLetters(filter, limit: Self.length + 1, withContent: false) }
        // Several may have been given up at the same moment.
        filter.since = after.time
        var letters = try await keeping.deadLetters(filter, limit: Self.length + 1 + Self.mostOfMoment, withContent: false)
        if let last = letters.firstIndex(where: { $0.key == after.key && $0.burial.date == after.time }) { letters.removeFirst(last + 1) }
        return letters
    }

    private func form(_ search: DeadSearch) -> HTML {
        let reasons = [("", "any")] + DeathReason.names.map { ($0, $0) }
        return Field.search(
            PagePath("dead"), "Search",
            [
                Field.text("task", "Task", value: search.task, hint: "thumbs.*"), Field.text("queue", "Queue", value: search.queue),
                Field.choice("reason", "Reason", reasons, chosen: search.reason),
            ])
    }

    private func actions(_ letter: DeadLetter) -> [PageAction] {
        [
            PageAction(
                verb: "Replay", object: letter.key, path: PagePath("dead", letter.key, "replay"),
                command: ShellLine.of("celery", "dead", "replay", letter.key), warning: "Sends it to its queue again, under its own id."),
            PageAction(
                verb: "Drop", object: letter.key, path: PagePath("dead", letter.key, "drop"),
                command: ShellLine.of("celery", "dead", "drop", letter.key), isDangerous: true, warning: "Deletes it for good."),
        ]
    }

    private func bulk(_ search: DeadSearch, _ viewer: Viewer) -> HTML {
        let words = search.options
        let actions = [
            PageAction(
                verb: "Replay all", object: "that match", path: PagePath("dead", "replay"),
                command: ShellLine.of(["celery", "dead", "replay"] + words), fields: Field.hidden(search.values),
                warning: "Sends every letter that matches again, on this page or not."),
            PageAction(
                verb: "Drop all", object: "that match", path: PagePath("dead", "drop"),
                command: ShellLine.of(["celery", "dead", "drop", "--force"] + words), fields: Field.hidden(search.values), isDangerous: true,
                warning: "Deletes every letter that matches, on this page or not, for good."),
        ]
        guard viewer.mayAct else { return "" }
        return Shown.section("All that match", PageAction.html(actions, viewer))
    }

    private func page(of key: String, _ viewer: Viewer) async throws -> Page {
        let letters = try await DeadOptions.keeping(client).deadLetters(Self.only(key), limit: 1, withContent: true)
        guard var letter = letters.first else { throw WebRefusal(404, "there is no such dead letter") }
        if dashboard.settings.web.hidesResults { letter.burial.error = "" }
        let text = LetterText(letter: letter, redaction: client.settings.redaction)
        let task: HTML? = letter.taskID.map { "<p>Task: \(Shown.task($0))</p>" }
        return Page(
            title: "Dead letter \(key.forLog)", area: .dead,
            body: """
                \(task)\(Shown.text(text.page))
                \(PageAction.html(actions(letter), viewer))
                \(ShellLine.html(ShellLine.of("celery", "dead", "show", key)))
                """)
    }

    // MARK: Actions

    private func act(
        _ call: WebCall, _ verb: String, _ filter: DeadLetterFilter, _ words: [String], back: PagePath,
        _ work: @escaping @Sendable ([DeadLetter], any DeadLetterKeeping, [String]) async throws -> Notice
    ) -> WebServer.Reply {
        dashboard.act(call, "\(verb) dead letters: \(ShellLine.of(words).forLog)", back: back) {
            let keeping = try DeadOptions.keeping(client)
            // Only the letters that are there now, none that arrive later.
            let letters = try await keeping.deadLetters(filter, limit: .max, withContent: false)
            if letters.isEmpty { throw WebRefusal(404, "there is no such dead letter any more") }
            return try await work(letters, keeping, words)
        }
    }

    private var replay: @Sendable ([DeadLetter], any DeadLetterKeeping, [String]) async throws -> Notice {
        { [client] letters, keeping, words in
            var sent = 0
            var refusals: [String] = []
            for start in stride(from: 0, to: letters.count, by: Self.piece) {
                let piece = Array(letters[start..<min(start + Self.piece, letters.count)])
                for replay in try await LetterReplay(keeping: keeping, store: try client.store).send(piece, to: nil) {
                    if let refusal = replay.refusal { refusals.append("\(replay.letter.key.forLog): \(refusal.forLog)") } else { sent += 1 }
                }
            }
            let some = refusals.prefix(3).joined(separator: "; ")
            let kept = refusals.isEmpty ? "" : " Not sent: \(refusals.count > 3 ? "\(refusals.count), such as " : "")\(some)."
            return Notice("Sent \(Shown.number(sent, "dead letter")) again.\(kept)", command: ShellLine.of(["celery", "dead", "replay"] + words))
        }
    }

    private var drop: @Sendable ([DeadLetter], any DeadLetterKeeping, [String]) async throws -> Notice {
        { letters, keeping, words in
            var dropped = 0
            for start in stride(from: 0, to: letters.count, by: Self.piece) {
                let piece = Array(letters[start..<min(start + Self.piece, letters.count)])
                dropped += try await keeping.dropDeadLetters(DeadLetterFilter(piece), limit: piece.count).count
            }
            return Notice(
                "Deleted \(Shown.number(dropped, "dead letter")).", command: ShellLine.of(["celery", "dead", "drop"] + words + (letters.count > 1 ? ["--force"] : [])))
        }
    }
}
