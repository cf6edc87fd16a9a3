import CeleryCore
import Client
import Logging
import Tasks
import WebServer

/// Everything that `celery web` serves.
struct WebSite: Sendable {
    let routes: [WebRoute]
    /// To be run beside the server.
    let events: EventFollower

    /// - Throws: errors of the project's tasks.
    init(context: CommandContext, client: Client, logger: Logger) throws {
        let failures = WebFailures(logger: logger)
        let names = try context.registry(client.settings).registry.names
        let tasks = KnownNames(client: client, own: names)
        let reader = try MetricsReader(context, client)
        events = EventFollower(client: client, queuesOfTasks: reader.queuesOfTasks)
        let status = StatusRoutes(client: client, tasks: tasks, failures: failures)
        let metrics = MetricsRoutes(page: MetricsPage(reader, events: events), failures: failures)
        let flower = FlowerReading(client: client, tasks: tasks, failures: failures)
        let actions = FlowerActions(client: client, tasks: tasks, failures: failures, logger: logger)
        routes = status.routes + metrics.routes + flower.routes + actions.routes
    }
}

/// Turns errors into answers. What exactly is wrong is for the log: it may name hosts and files.
struct WebFailures: Sendable {
    let logger: Logger

    /// The answer of some work, or to its error.
    func answer(_ work: @escaping @Sendable () async throws -> WebResponse) -> WebServer.Reply {
        .later {
            do {
                return try await work()
            } catch let refusal as WebRefusal {
                return WebResponse(refusal)
            } catch {
                return response(to: error)
            }
        }
    }

    func response(to error: any Error) -> WebResponse {
        if error is CancellationError { return WebResponse(WebRefusal(503, "the server is stopping")) }
        let message = ServiceURL.redact(within: Report.describe(error).message)
        guard let error = error as? DriverError else {
            logger.error("Cannot answer: \(message)")
            return WebResponse(WebRefusal(500, "there was an error, which the log of the server explains"))
        }
        logger.warning("Cannot answer: \(message)")
        switch error.code {
        case .unreachable, .tryAgain:
            return WebResponse(WebRefusal(503, "the broker or the result store cannot be reached", headers: [WebField("Retry-After", "5")]))
        case .unsupported: return WebResponse(WebRefusal(501, "the broker or the result store cannot do this"))
        case .refused, .alreadyThere: return WebResponse(WebRefusal(409, "the broker has refused this"))
        default: return WebResponse(WebRefusal(500, "there was an error, which the log of the server explains"))
        }
    }
}

/// The names of tasks that this project or a worker knows.
struct KnownNames: Sendable {
    let client: Client
    let own: [String]

    /// Sorted.
    func all() async throws -> [String] {
        let workers = try await (client.broker as? any WorkerListing)?.workers() ?? []
        return Set(own + workers.flatMap(\.tasks)).sorted()
    }
}
