import CeleryCore
import WebServer

/// One worker on the page of workers.
struct WorkerView {
    let report: WorkerReport
    /// What it answered to `stats`; `nil` if it did not answer.
    let pool: JSON?
    /// The commands among its tasks.
    let commands: [TaskID: String]
    let viewer: Viewer

    private var name: String { report.name }

    func html(most: Int) -> HTML {
        let size = pool?["pool"]?["max-concurrency"]?.intValue
        let prefetch = pool?["prefetch_count"]?.intValue
        var fields: [(String, HTML)] = [
            ("Process", "\(report.pid)"), ("Up since", Shown.ago(report.started, viewer.now)),
            ("Pool", size.map { $0 == 1 ? "1 child" : "\($0) children" } ?? Shown.count(nil)),
            ("Received at most", Shown.count(prefetch)), ("Queues", HTML(report.queues.map { Shown.queue($0) }, separator: ", ")),
            ("Tasks known", "\(report.tasks.count)"),
        ]
        if let scaler = pool?["autoscaler"], let max = scaler["max"]?.intValue, let min = scaler["min"]?.intValue {
            fields.append(("Autoscale", "\(min) to \(max)"))
        }
        let silent: HTML? = pool == nil ? Shown.missing("It has not answered within a second; what it tells of its pool is not known") : nil
        return Shown.section(
            name.forLog, "\(Shown.list(fields))\(silent)\(running(most))\(PageAction.html(actions, viewer))")
    }

    private func running(_ most: Int) -> HTML {
        var sheet = Sheet(
            caption: "Tasks that \(name.forLog) runs", headings: ["Id", "Task", "Attempt", "Since"], numbers: [2], empty: "It runs nothing now.")
        for task in report.running.prefix(most) {
            let command: HTML? = commands[task.id].map { ": \(Shown.code($0.forLog))" }
            sheet.rows.append([
                Shown.task(task.id), "\(task.task.forLog)\(command)", "\(task.attempt)", Shown.ago(task.started, viewer.now),
            ])
        }
        let more = report.running.count - most
        return "\(sheet.html)\(more > 0 ? Shown.missing("\(more) more are not shown") : nil as HTML?)"
    }

    private var actions: [PageAction] {
        WorkersPages.methods.map { method in
            let verb = ControlVerb.all.first { $0.name == method }
            var action = PageAction(
                verb: Self.verb(method), object: "on \(name)", path: PagePath("workers", name, method),
                command: ShellLine.of("celery", "control", "-d", name, method))
            action.warning = verb?.help
            switch method {
            case "pool_grow", "pool_shrink":
                action.fields = Field.number("n", "Children", value: 1)
                action.command += " N"
            case "autoscale":
                action.fields = "\(Field.number("max", "At most", value: 4))\(Field.number("min", "At least", value: 1))"
                action.command += " MAX MIN"
            case "add_consumer", "cancel_consumer":
                action.fields = Field.text("queue", "Queue", isRequired: true)
                action.command += " QUEUE"
            default: break
            }
            action.isDangerous = ["shutdown", "cancel_consumer"].contains(method)
            return action
        }
    }

    private static func verb(_ method: String) -> String {
        switch method {
        case "pool_grow": "Grow"
        case "pool_shrink": "Shrink"
        case "autoscale": "Autoscale"
        case "pool_restart": "Renew pool"
        case "add_consumer": "Add queue"
        case "cancel_consumer": "Cancel queue"
        default: "Shut down"
        }
    }
}
