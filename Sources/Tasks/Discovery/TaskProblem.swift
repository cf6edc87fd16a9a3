/// A problem of a file that is, or looks like, a task.
package struct TaskProblem: Sendable, Hashable, CustomStringConvertible {
    /// The path relative to the project folder.
    package var file: String
    package var line: Int?
    /// The problem, and what to do about it.
    package var message: String

    /// Whether the file is a task in spite of the problem.
    package var isWarning = false

    /// The name of the task that the file would be without the problem; `nil` if it cannot be told.
    package var task: String?

    package init(file: String, line: Int? = nil, _ message: String, isWarning: Bool = false, task: String? = nil) {
        self.isWarning = isWarning
        self.task = task
        self.file = file
        self.line = line
        self.message = message
    }

    /// `thumbs/tasks/make.sh:2: unknown option 'max_retrys'; did you mean 'max_retries'?`
    package var description: String { "\(file)\(line.map { ":\($0)" } ?? ""): \(message)" }
}
