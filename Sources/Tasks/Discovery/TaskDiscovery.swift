import CeleryCore
import Glibc

/// Finds the programs that are tasks.
///
/// Every executable file in `APP/tasks/` of an installed app is a task, named by its path: `thumbs/tasks/make.sh` is
/// `thumbs.tasks.make`. Names of subfolders become part of the name. Links are followed. Hidden files, `__pycache__`
/// and editor backups are skipped. A file that is not executable is skipped too, unless it looks like a program: then it
/// was probably meant to be a task, and is reported as a problem.
///
/// A worker that runs as root rejects programs that other users could change; other workers report a warning: see `TaskGuard`.
///
/// A file with a problem is not a task: rejecting its messages is better than running it without the limits that its
/// author wrote. If two files have the same task name, neither is a task. A worker that runs already is more patient, as its
/// callers wait: see `TaskFiles`.
package struct TaskDiscovery: Sendable {
    /// The tasks, sorted by name.
    package private(set) var definitions: [TaskDefinition] = []
    /// The problems, sorted by file.
    package private(set) var problems: [TaskProblem] = []
    /// Skipped files, relative to the project folder.
    package private(set) var passedOver: [String] = []

    /// What to watch in order to hear of changes; empty without a memory.
    package private(set) var watched: Set<WatchedPath> = []
    /// What is remembered from the looks before, and after this one; `nil` for a discovery that happens once.
    private(set) var memory: TaskFileMemory?

    private let project: String
    private let taskGuard: TaskGuard?
    /// The tasks found so far, by name.
    private var files: [String: [TaskDefinition]] = [:]
    /// The folders from the tasks folder down to the current one, to detect links that form a cycle.
    private var above: [ProgramFile.Identity] = []

    /// Searches the folders of `apps` below `projectFolder`.
    ///
    /// - Parameter taskGuard: Checks who may change the tasks. Not needed by clients, which only submit tasks.
    package init(apps: [String], in projectFolder: String, guardedBy taskGuard: TaskGuard? = nil) {
        self.init(apps: apps, in: projectFolder, guardedBy: taskGuard, remembering: nil)
    }

    /// - Parameter memory: What is known from the last look, for a worker that looks again and again.
    init(apps: [String], in projectFolder: String, guardedBy taskGuard: TaskGuard?, remembering memory: TaskFileMemory?) {
        self.memory = memory
        project = projectFolder.hasSuffix("/") ? projectFolder : projectFolder + "/"
        self.taskGuard = taskGuard
        defer { self.memory?.end(with: definitions) }
        if !apps.isEmpty { watch("", .above) }
        if !apps.isEmpty, let taskGuard, let danger = taskGuard.danger(ofProject: project) {
            report(projectFolder, danger: danger, taskGuard)
            if taskGuard.refuses { return }
        }
        var seen: Set<String> = []
        for app in apps where seen.insert(app).inserted { visit(app: app) }
        for task in self.memory?.justMissed() ?? [] { files[task.name, default: []].append(task) }
        settle()
    }

    private mutating func visit(app: String) {
        let parts = app.split(separator: ".", omittingEmptySubsequences: false)
        let folder = parts.joined(separator: "/")
        guard parts.allSatisfy(TaskName.isValidPart) else {
            let rule = "use letters, digits, _ and -, separated by dots"
            report(app, "INSTALLED_APPS names '\(app)', which is not a valid app name: \(rule)")
            return
        }
        for count in parts.indices { watch(parts[...count].joined(separator: "/"), .above) }
        do throws(FileError) {
            guard try ProgramFile(project + folder).kind == .folder else {
                report(folder, "INSTALLED_APPS names '\(app)', but \(folder) is not a folder")
                return
            }
        } catch {
            // The original's README lists `celery` itself as an app, which needs no folder here.
            if error.number == ENOENT, app == "celery" { return }
            let isMissing = error.number == ENOENT
            let reason = isMissing ? "there is no folder \(folder)" : "\(folder) cannot be read: \(error.reason)"
            report(folder, "INSTALLED_APPS names '\(app)', but \(reason)")
            return
        }
        do throws(FileError) {
            _ = try ProgramFile(project + folder + "/tasks")
        } catch {
            // An app without tasks is valid.
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

    /// Reports a folder that other users may write to.
    ///
    /// - Returns: Whether the tasks in the folder are accepted.
    private mutating func isSafe(folder: String) -> Bool {
        guard let taskGuard, let danger = taskGuard.danger(of: project + folder) else { return true }
        report(folder, danger: danger, taskGuard)
        return !taskGuard.refuses
    }

    private mutating func report(_ folder: String, danger: String, _ taskGuard: TaskGuard) {
        let consequence = taskGuard.refuses ? "no task in it is run as root" : "anyone who can change it controls what the worker runs"
        let problem = TaskProblem(file: folder, "\(danger): \(consequence)", isWarning: !taskGuard.refuses)
        // Apps may share a parent folder.
        if !problems.contains(problem) { problems.append(problem) }
    }

    private mutating func visit(folder: String, name: String) {
        watch(folder, .tasks)
        guard isSafe(folder: folder) else { return }
        do throws(FileError) {
            let identity = try ProgramFile(project + folder).identity
            guard !above.contains(identity) else {
                report(folder, "is a link to a parent folder; it is not followed")
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
        // Invalid UTF-8 was replaced when the name was read, so the file cannot be opened by this name.
        guard !entry.unicodeScalars.contains("\u{FFFD}") else {
            report(path, "has a name that is not UTF-8")
            return
        }
        do throws(FileError) {
            let file = try ProgramFile(project + path)
            switch file.kind {
            case .folder:
                guard TaskName.isValidPart(entry) else {
                    report(path, "cannot be part of a task name: use letters, digits, _ and -")
                    return
                }
                visit(folder: path, name: name + "." + entry)
            case .regular: try visit(file, at: path, called: entry, in: name)
            case .special: passedOver.append(path)
            }
        } catch {
            let reason = error.number == ENOENT ? "is a broken link" : "cannot be read: \(error.reason)"
            report(path, reason)
        }
    }

    private mutating func visit(
        _ file: ProgramFile, at path: String, called entry: String, in name: String
    ) throws(FileError) {
        let (stem, mark) = (TaskName.stem(of: entry), FileMark(file.status))
        if memory != nil, file.hasRunBit || memory?.marks[path] != nil {
            if ProgramFile.isLink(project + path) { watch(path, .link) }
            guard memory!.isAtRest(path, mark, name: name + "." + stem) else {
                problems += memory?.readings[path]?.problems ?? []
                if let task = memory?.tasks[path] { files[task.name, default: []].append(task) }
                return
            }
        }
        guard file.hasRunBit else {
            memory?.forget(path)
            if ProgramFile.looksLikeProgram(try ProgramFile.head(of: project + path)) {
                report(path, "is not executable; chmod +x \(path)", task: name + "." + stem)
            } else {
                passedOver.append(path)
            }
            return
        }
        guard ProgramFile.mayRun(project + path) else {
            report(path, "cannot be executed by this user; check its owner and mode", task: name + "." + stem)
            return
        }
        guard TaskName.isValidPart(stem) else {
            report(path, "is not a valid task name: use letters, digits, _ and -, and at most one extension")
            return
        }
        if let taskGuard, let danger = taskGuard.danger(file.status) ?? taskGuard.danger(behindLink: project + path) {
            let consequence = taskGuard.refuses ? "it is not run as root" : "anyone who can change it controls what the worker runs"
            problems.append(TaskProblem(file: path, "\(danger): \(consequence)", isWarning: !taskGuard.refuses))
            if taskGuard.refuses { return }
        }
        let reading = if let known = memory?.readings[path] { known } else { try read(path) }
        problems += reading.problems.map { problem in
            var problem = problem
            problem.task = name + "." + stem
            return problem
        }
        guard let options = reading.options else { return }
        let earlier = memory?.tasks[path]
        let task = earlier?.fileMark == mark ? earlier! : TaskDefinition(
            name: name + "." + stem, options: options, kind: .program(path: project + path), source: path, fileMark: mark)
        files[task.name, default: []].append(task)
    }

    /// Reads the option lines of a program. If they are wrong, a task that was accepted before keeps its options.
    private mutating func read(_ path: String) throws(FileError) -> TaskFileMemory.Reading {
        let (written, found) = TaskOptionLine.options(in: try ProgramFile.head(of: project + path), file: path)
        var (options, problems) = (found.isEmpty ? written : nil, found)
        if !found.isEmpty, let earlier = memory?.tasks[path]?.options {
            options = earlier
            problems = found.map {
                TaskProblem(file: $0.file, line: $0.line, "\($0.message): the task keeps its earlier options", isWarning: true)
            }
        }
        let reading = TaskFileMemory.Reading(options: options, problems: problems)
        memory?.note(reading, of: path)
        return reading
    }

    private mutating func watch(_ path: String, _ role: WatchedPath.Role) {
        if memory != nil { watched.insert(WatchedPath(path: project + path, role: role)) }
    }

    private mutating func report(_ file: String, _ message: String, task: String? = nil) {
        problems.append(TaskProblem(file: file, message, task: task))
    }

    /// Accepts tasks with unique names; reports the others. A task that was accepted before stays what it is.
    private mutating func settle() {
        for (name, tasks) in files.sorted(by: { $0.key < $1.key }) {
            if tasks.count == 1 {
                definitions += tasks
            } else if let known = tasks.first(where: { memory?.tasks[$0.source] != nil }) {
                definitions.append(known)
                for task in tasks where task.source != known.source {
                    report(task.source, "has the same task name as \(known.source), '\(name)', which is run until it is removed")
                }
            } else {
                let others = tasks.dropFirst().map(\.source).joined(separator: " and ")
                report(tasks[0].source, "has the same task name as \(others), '\(name)'; neither is run", task: name)
            }
        }
        files = [:]
        problems.sort { ($0.file, $0.line ?? 0) < ($1.file, $1.line ?? 0) }
    }
}
