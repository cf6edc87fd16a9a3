import CeleryCore
import Glibc

/// Finds the programs that are tasks.
///
/// Every file in `APP/tasks/` of an installed app that can be run is a task, named by its
/// path: `thumbs/tasks/make.sh` is `thumbs.tasks.make`; sub folders add to the name. Links
/// are followed. Hidden files, `__pycache__` and what editors leave behind are passed over,
/// and so is a file without a run bit, unless it begins as a program does: then it was
/// meant to be a task and is a problem.
///
/// A program that others could change is no task for a worker of root, and a warning for another: see `TaskGuard`.
///
/// A file with a problem is no task: better that its messages are refused by name than that it
/// runs without the limits its author wrote. Of two files for one name neither is a task.
package struct TaskDiscovery: Sendable {
    /// By name.
    package private(set) var definitions: [TaskDefinition] = []
    /// By file.
    package private(set) var problems: [TaskProblem] = []
    /// Files that are no tasks and look like none, seen from the project folder.
    package private(set) var passedOver: [String] = []

    private let project: String
    private let taskGuard: TaskGuard?
    /// Tasks found so far: name to file.
    private var files: [String: [TaskDefinition]] = [:]
    /// Folders between the app and here, against links that lead back.
    private var above: [ProgramFile.Identity] = []

    /// Looks through the folders of `apps` below `projectFolder`.
    ///
    /// - Parameter taskGuard: Knows who may change the tasks; whoever only submits them needs none.
    package init(apps: [String], in projectFolder: String, guardedBy taskGuard: TaskGuard? = nil) {
        project = projectFolder.hasSuffix("/") ? projectFolder : projectFolder + "/"
        self.taskGuard = taskGuard
        if !apps.isEmpty, let taskGuard, let danger = taskGuard.danger(ofProject: project) {
            report(projectFolder, danger: danger, taskGuard)
            if taskGuard.refuses { return }
        }
        var seen: Set<String> = []
        for app in apps where seen.insert(app).inserted { visit(app: app) }
        settle()
    }

    private mutating func visit(app: String) {
        let parts = app.split(separator: ".", omittingEmptySubsequences: false)
        let folder = parts.joined(separator: "/")
        guard parts.allSatisfy(TaskName.isValidPart) else {
            let rule = "letters, digits, _ and - only, with dots between"
            report(app, "INSTALLED_APPS names '\(app)', which is no name of an app: \(rule)")
            return
        }
        do throws(FileError) {
            guard try ProgramFile(project + folder).kind == .folder else {
                report(folder, "INSTALLED_APPS names '\(app)', but \(folder) is not a folder")
                return
            }
        } catch {
            // The original's README installs `celery` itself, which needs no folder here.
            if error.number == ENOENT, app == "celery" { return }
            let isMissing = error.number == ENOENT
            let reason = isMissing ? "there is no folder \(folder)" : "\(folder) cannot be read: \(error.reason)"
            report(folder, "INSTALLED_APPS names '\(app)', but \(reason)")
            return
        }
        do throws(FileError) {
            _ = try ProgramFile(project + folder + "/tasks")
        } catch {
            // An app without tasks is as good as any.
            if error.number != ENOENT { report(folder + "/tasks", "cannot be read: \(error.reason)") }
            return
        }
        var outer = ""
        for part in parts {
            outer += (outer.isEmpty ? "" : "/") + part
            guard isSafe(folder: outer) else { return }
        }
        visit(folder: folder + "/tasks", name: app + ".tasks")
    }

    /// Tells of a folder that others may write.
    ///
    /// - Returns: Whether its tasks are tasks.
    private mutating func isSafe(folder: String) -> Bool {
        guard let taskGuard, let danger = taskGuard.danger(of: project + folder) else { return true }
        report(folder, danger: danger, taskGuard)
        return !taskGuard.refuses
    }

    private mutating func report(_ folder: String, danger: String, _ taskGuard: TaskGuard) {
        let consequence = taskGuard.refuses ? "no task in it is run as root" : "whoever may change it decides what the worker runs"
        let problem = TaskProblem(file: folder, "\(danger): \(consequence)", isWarning: !taskGuard.refuses)
        // Two apps may share a folder.
        if !problems.contains(problem) { problems.append(problem) }
    }

    private mutating func visit(folder: String, name: String) {
        guard isSafe(folder: folder) else { return }
        do throws(FileError) {
            let identity = try ProgramFile(project + folder).identity
            guard !above.contains(identity) else {
                report(folder, "is a link to a folder above it; it is not followed")
                return
            }
            above.append(identity)
            defer { above.removeLast() }
            for entry in try ProgramFile.names(in: project + folder) where !TaskName.isForTools(entry) {
                visit(entry: folder + "/" + entry, called: entry, in: name)
            }
        } catch {
            report(folder, "cannot be read: \(error.reason)")
        }
    }

    private mutating func visit(entry path: String, called entry: String, in name: String) {
        // Bytes that are not UTF-8 were replaced when the name was read, so no file answers to it.
        guard !entry.unicodeScalars.contains("\u{FFFD}") else {
            report(path, "has a name that is not UTF-8")
            return
        }
        do throws(FileError) {
            let file = try ProgramFile(project + path)
            switch file.kind {
            case .folder:
                guard TaskName.isValidPart(entry) else {
                    report(path, "cannot be part of a task's name: letters, digits, _ and - only")
                    return
                }
                visit(folder: path, name: name + "." + entry)
            case .regular: try visit(file, at: path, called: entry, in: name)
            case .special: passedOver.append(path)
            }
        } catch {
            let reason = error.number == ENOENT ? "is a link to nothing" : "cannot be read: \(error.reason)"
            report(path, reason)
        }
    }

    private mutating func visit(
        _ file: ProgramFile, at path: String, called entry: String, in name: String
    ) throws(FileError) {
        let head = try ProgramFile.head(of: project + path)
        guard file.hasRunBit else {
            if ProgramFile.looksLikeProgram(head) {
                report(path, "is not executable; chmod +x \(path)")
            } else {
                passedOver.append(path)
            }
            return
        }
        guard ProgramFile.mayRun(project + path) else {
            report(path, "may not be run by this user; look at its owner and mode")
            return
        }
        let stem = TaskName.stem(of: entry)
        guard TaskName.isValidPart(stem) else {
            report(path, "cannot be named as a task: letters, digits, _ and - only, before one extension")
            return
        }
        if let taskGuard, let danger = taskGuard.danger(file.status) ?? taskGuard.danger(behindLink: project + path) {
            let consequence = taskGuard.refuses ? "it is not run as root" : "whoever may change it decides what the worker runs"
            problems.append(TaskProblem(file: path, "\(danger): \(consequence)", isWarning: !taskGuard.refuses))
            if taskGuard.refuses { return }
        }
        let (options, found) = TaskOptionLine.options(in: head, file: path)
        guard found.isEmpty else {
            problems += found
            return
        }
        let task = TaskDefinition(
            name: name + "." + stem, options: options, kind: .program(path: project + path), source: path)
        files[task.name, default: []].append(task)
    }

    private mutating func report(_ file: String, _ message: String) {
        problems.append(TaskProblem(file: file, message))
    }

    /// Keeps the names that one file has to itself.
    private mutating func settle() {
        for (name, tasks) in files.sorted(by: { $0.key < $1.key }) {
            if tasks.count == 1 {
                definitions += tasks
            } else {
                let others = tasks.dropFirst().map(\.source).joined(separator: " and ")
                report(tasks[0].source, "has the same task name as \(others), '\(name)'; neither is run")
            }
        }
        files = [:]
        problems.sort { ($0.file, $0.line ?? 0) < ($1.file, $1.line ?? 0) }
    }
}
