import CeleryCore
import WebServer

/// The contents of a page; `Frame` adds what stands around every page.
struct Page: Sendable {
    var title: String
    /// The part of the dashboard that it belongs to.
    var area: Area
    /// What stays as it is while somebody looks: forms to search.
    var head: HTML = ""
    /// What is renewed when something has changed.
    var body: HTML
    var status = 200

    /// The parts of the dashboard, in the order of the menu.
    enum Area: String, Sendable, CaseIterable {
        case overview, tasks, queues, workers, beat, sets, dead

        var title: String {
            switch self {
            case .overview: "Overview"
            case .tasks: "Tasks"
            case .queues: "Queues"
            case .workers: "Workers"
            case .beat: "Beat"
            case .sets: "Task-sets"
            case .dead: "Dead letters"
            }
        }

        var path: PagePath { self == .overview ? PagePath() : PagePath(rawValue) }
    }
}

/// Who looks at a page.
struct Viewer: Sendable {
    /// Whether to offer actions.
    var mayAct: Bool
    var isReadOnly = false
    /// Proves that a form is ours.
    var token: String
    var now = Timestamp.now
}
