import WebServer

/// All pages, their actions, and what they load.
struct DashboardRoutes: Sendable {
    let dashboard: Dashboard

    var routes: [WebRoute] {
        OverviewPage(dashboard: dashboard).routes + TasksPages(dashboard: dashboard).routes + TaskPages(dashboard: dashboard).routes
            + QueuesPages(dashboard: dashboard).routes + WorkersPages(dashboard: dashboard).routes + BeatPages(dashboard: dashboard).routes
            + SetsPages(dashboard: dashboard).routes + DeadPages(dashboard: dashboard).routes + Assets().routes
            + LiveRoutes(client: dashboard.client).routes
    }
}
