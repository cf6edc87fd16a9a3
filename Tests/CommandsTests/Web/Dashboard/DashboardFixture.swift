import Arguments
import Brokers
import CeleryCore
import Fixtures
import Glibc
import Logging
import Processes
import ResultStores
import Testing

@testable import Client
@testable import Commands
@testable import WebServer

/// The dashboard of a made-up project, asked without a server.
final class DashboardFixture: Sendable {
    private let folder = TemporaryFolder()
    let client: Client
    let router: WebRouter
    private let origins: OriginCheck

    /// - Parameters:
    ///   - settings: More lines of celery.toml.
    ///   - isInMemory: Whether broker and store are in this process, and so can tell less than a database.
    init(_ settings: String = "", readOnly: Bool = false, isInMemory: Bool = false) throws {
        let lines = readOnly ? "CELERY_WEB_READ_ONLY = true\n" : ""
        try folder.write(lines + settings, to: "celery.toml")
        let context = CommandContext(
            arguments: try ArgumentParser.parse(["web"], table: CeleryTable.table), output: Output(isQuiet: true), environment: [:],
            folder: folder.path, builtIn: [], role: .foreground)
        let read = try context.settings()
        client = isInMemory
            ? Client(settings: read, broker: MemoryBroker(), store: MemoryResultStore(), environment: [:]) : try context.client(read)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let guarding = try WebGuard(read.web, nil)
        origins = guarding.origins
        let dashboard = Dashboard(
            client: client, context: context, failures: WebFailures(logger: logger), logger: logger, origins: origins)
        router = WebRouter(DashboardRoutes(dashboard: dashboard).routes, guarding)
    }

    private static let peer = WebPeer(address: [127, 0, 0, 1], user: geteuid())

    /// The token that a page has in its forms.
    var token: String { origins.token(for: WebIdentity(Self.peer.description, [.read, .act])) }

    private func ask(_ request: WebRequest) async -> WebResponse {
        switch RefusalPage.applied(to: router.answer(request), of: request) {
        case .now(let response): response
        case .later(let work): await work()
        }
    }

    /// A page.
    func get(_ target: String, accept: String = "text/html") async throws -> (status: Int, text: String) {
        let headers = [WebField("host", "localhost"), WebField("accept", accept)]
        let response = await ask(WebRequest("GET", try WebTarget(parsing: target), headers: headers, peer: Self.peer))
        return (response.status, String(decoding: response.bytes ?? [], as: UTF8.self))
    }

    /// An action, as a browser without Sec-Fetch-Site and Origin asks for it; and the page that it leads to.
    func post(_ target: String, _ fields: String = "", token: String? = nil) async throws -> (status: Int, text: String) {
        let headers = [
            WebField("host", "localhost"), WebField("accept", "text/html"), WebField("content-type", "application/x-www-form-urlencoded"),
        ]
        let body = "\(OriginCheck.field)=\(token ?? self.token)" + (fields.isEmpty ? "" : "&\(fields)")
        let response = await ask(
            WebRequest("POST", try WebTarget(parsing: target), headers: headers, body: Array(body.utf8), peer: Self.peer))
        guard response.status == 303, let location = response.header("location") else {
            return (response.status, String(decoding: response.bytes ?? [], as: UTF8.self))
        }
        return (303, try await get(location).text)
    }

    /// Stores a result of a task as a worker does.
    @discardableResult
    func store(_ id: String, _ state: TaskState, task: String = "shop.sell", _ change: (inout TaskResult) -> Void = { _ in }) async throws -> TaskResult {
        var result = TaskResult(id: TaskID(id), state: state)
        (result.task, result.queue, result.worker, result.attempt) = (task, "celery", "w@here", 1)
        (result.dateStarted, result.dateDone) = (Timestamp.now, Timestamp.now)
        change(&result)
        try await client.store.store([result])
        return result
    }

    /// Sends a task.
    @discardableResult
    func send(_ task: String, args: [JSON] = [], kwargs: JSONObject = [:], queue: String? = nil, id: TaskID? = nil) async throws -> TaskID {
        var options = SendOptions()
        options.queue = queue
        options.id = id
        let message = client.factory.message(task, args: args, kwargs: kwargs, options: options)
        try await client.publish([message])
        return message.id
    }
}
