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

    /// - Parameter origins: Makes the tokens of forms, and checks them.
    /// - Throws: errors of the project's tasks.
    init(context: CommandContext, client: Client, origins: OriginCheck, logger: Logger) throws {
        let failures = WebFailures(logger: logger)
        let names = try context.registry(client.settings).registry.names
        let tasks = WebTasks(client: client, own: names, context: context)
        let reader = try MetricsReader(context, client)
        events = EventFollower(client: client, queuesOfTasks: reader.queuesOfTasks)
        let status = StatusRoutes(client: client, tasks: tasks, failures: failures)
        let applying = ApplyRoutes(client: client, tasks: tasks, failures: failures, logger: logger)
        let metrics = MetricsRoutes(page: MetricsPage(reader, events: events), failures: failures)
        let flower = FlowerReading(client: client, tasks: tasks, failures: failures)
        let actions = FlowerActions(client: client, tasks: tasks, failures: failures, logger: logger)
        let dashboard = Dashboard(client: client, context: context, failures: failures, logger: logger, origins: origins)
        routes = status.routes + applying.routes + metrics.routes + flower.routes + actions.routes + DashboardRoutes(dashboard: dashboard).routes
    }
}
