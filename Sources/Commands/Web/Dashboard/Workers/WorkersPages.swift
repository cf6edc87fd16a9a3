import CeleryCore
import Client
import WebServer

/// `/workers`: the workers, what they run, and remote control.
struct WorkersPages: Sendable {
    let dashboard: Dashboard

    private var client: Client { dashboard.client }

    /// The methods that a page offers, in its order.
    static let methods = ["pool_grow", "pool_shrink", "autoscale", "pool_restart", "add_consumer", "cancel_consumer", "shutdown"]
    /// How long workers have to answer.
    private static let patience: Duration = .seconds(1)
    /// Running tasks of a worker that are shown.
    private static let most = 100

    var routes: [WebRoute] {
        let control: [String: WebParameterKind] = [
            "name": .text(255), "method": .choice(Self.methods), "n": .whole(1...AutoscaleRange.limit), "max": .whole(1...AutoscaleRange.limit),
            "min": .whole(1...AutoscaleRange.limit), "queue": .check { BrokerName.existingQueue.isValid($0) },
        ]
        return [
            WebRoute("GET", "/workers", .right(.read), ["done": .check(Notices.isID)]) { call in dashboard.page(call) { try await page($0) } },
            WebRoute("POST", "/workers/:name/:method", .right(.act), control) { call in
                let (name, method) = (call.parameters["name"] ?? "", call.parameters["method"] ?? "")
                return dashboard.act(call, "tells worker \(name.forLog): \(method)", back: PagePath("workers")) {
                    try await tell(name, method, call.parameters)
                }
            },
        ]
    }

    // MARK: Page

    private func page(_ viewer: Viewer) async throws -> Page {
        guard let listing = client.broker as? any WorkerListing else { throw DriverError.lacks("list workers", client.broker.location) }
        let workers = try await listing.workers().sorted { $0.name < $1.name }
        let commands = try await CommandTitle.running(workers, client)
        let pools = await pools(workers.map(\.name))
        let lost = await dashboard.ask("tell of lost workers", client.broker as? any LossTelling) { try await $0.lostWorkers() }
        let shown = workers.map { WorkerView(report: $0, pool: pools[$0.name], commands: commands, viewer: viewer).html(most: Self.most) }
        var notes: [HTML] = []
        if workers.isEmpty {
            notes.append(Shown.missing(
                listing.knowsWorkers ? "No worker is alive" : "No worker has answered within a second; \(client.broker.location) cannot list them"))
        } else if !listing.knowsWorkers {
            notes.append(Shown.missing("\(client.broker.location) cannot list workers; these have answered within a second"))
        }
        return Page(
            title: "Workers", area: .workers,
            body: "\(notes)\(shown)\(Shown.section("Lost workers", gone(lost, Set(workers.map(\.name)), viewer.now)))\(ShellLine.html("celery status"))")
    }

    /// What workers tell of their pools; none of those that do not answer.
    private func pools(_ names: [String]) async -> [String: JSON] {
        guard let asking = client.broker as? any WorkerAsking, !names.isEmpty else { return [:] }
        let answers = try? await asking.ask([ControlRequest(method: "stats")], of: WorkerChoice(names: names), within: Self.patience)
        return Dictionary((answers?.answers.first ?? []).map { ($0.worker, $0.value["ok"] ?? $0.value) }) { first, _ in first }
    }

    private func gone(_ lost: Told<LostWorkers>, _ alive: Set<String>, _ now: Timestamp) -> HTML {
        switch lost {
        case .not(let reason): return Shown.missing(reason)
        case .told(let lost):
            var sheet = Sheet(caption: "Lost workers", headings: ["Worker", "Lost", "Process", "Queues"], empty: "None within an hour.")
            for worker in lost.workers where !alive.contains(worker.name) {
                sheet.rows.append([
                    HTML(worker.name.forLog), Shown.ago(worker.lost, now), "\(worker.pid)", HTML(worker.queues.map(\.forLog).joined(separator: ", ")),
                ])
            }
            return "\(sheet.html)\(lost.gap.map { Shown.missing($0) })"
        }
    }

    // MARK: Control

    /// Sends a request to one worker, as `celery control` does, and says what it answered.
    private func tell(_ name: String, _ method: String, _ parameters: WebParameters) async throws -> Notice {
        guard let asking = client.broker as? any WorkerAsking else { throw DriverError.lacks("ask workers", client.broker.location) }
        guard let verb = ControlVerb.all(.control).first(where: { $0.name == method }) else { throw WebRefusal(404, "there is no such method") }
        let words = Array(verb.arguments.map { parameters[$0.name] }.prefix { $0 != nil }).compactMap(\.self)
        let request = try verb.request(words)
        let command = ShellLine.of(["celery", "control", "-d", name, method] + words)
        let choice = WorkerChoice(names: [name])
        guard verb.isAnswered else {
            let there = try await asking.ask([ControlRequest(method: "ping")], of: choice, within: Self.patience)
            guard there.answers.first?.isEmpty == false else { throw WebRefusal(404, "worker \(name.forLog) does not answer") }
            try await asking.tell(request, to: choice)
            return Notice("Worker \(name.forLog) was told: \(method).", command: command)
        }
        guard let answer = try await asking.ask([request], of: choice, within: Self.patience).answers.first?.first else {
            throw WebRefusal(404, "worker \(name.forLog) does not answer")
        }
        if let error = answer.value["error"] { throw WebRefusal(409, "worker \(name.forLog): \(error.displayText.forLog)") }
        return Notice("Worker \(name.forLog): \((answer.value["ok"] ?? answer.value).displayText.forLog).", command: command)
    }
}
