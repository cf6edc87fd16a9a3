import CeleryCore
import WebServer

/// A table of tasks, as `celery list` prints it.
struct TaskSheet {
    let redaction: Redaction
    var caption = "Tasks"

    /// Characters of the longest details.
    private static let longest = 160

    func html(_ tasks: [ListedTask], _ now: Timestamp, _ empty: String) -> HTML {
        var sheet = Sheet(
            caption: caption, headings: ["Id", "State", "Task", "Queue", "Submitted", "Took", "Worker", "Details"], numbers: [5], empty: empty)
        for task in tasks {
            let fields = TaskRow(task: task, redaction: redaction, now: now).fields
            let details = fields[7]
            sheet.rows.append([
                Shown.task(task.id), Shown.state(fields[1]), HTML(fields[2].forLog), Shown.queue(task.queue),
                Shown.ago(task.submitted ?? task.changed, now), HTML(fields[5]), HTML(fields[6].forLog),
                HTML(details.inOneLine(limit: Self.longest)),
            ])
        }
        return sheet.html
    }
}
