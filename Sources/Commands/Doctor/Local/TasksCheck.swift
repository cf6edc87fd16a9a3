import CeleryCore
import Tasks

/// Which tasks a worker would find here, and who could change them.
struct TasksCheck: LocalCheck {
    let name = "tasks"

    func findings(_ patient: Patient) throws -> [Finding] {
        let found = try patient.context.registry(patient.settings, guardedBy: .current)
        let count = found.registry.sorted.count
        let apps = patient.settings.installedApps
        let first =
            count > 0
            ? finding(.ok, "\(count) task\(count == 1 ? "" : "s") in \(apps.isEmpty ? "this program" : apps.joined(separator: ", "))")
            : finding(.unknown, "no tasks are found here", hint: "name app folders in INSTALLED_APPS, or run celery doctor where the workers run")
        return [first] + found.problems.map { finding(.warning, $0.description) }
    }
}
