/// A problem of a file that is, or looks like, a task.
package struct TaskProblem: Sendable, Hashable, CustomStringConvertible {
    /// The path relative to the project folder.
    package var file: String
    package var line: Int?
    /// The problem, and what to do about it.
    package var message: String

    /// Whether the file is a task in spite of the problem.
    package var isWarning = false

    package init(file: String, line: Int? = nil, _ message: String, isWarning: Bool = false) {
        self.isWarning = isWarning
        self.file = file
        self.line = line
        self.message = message
    }

    /// `thumbs/tasks/make.sh:2: unknown option 'max_retrys'; did you mean 'max_retries'?`
    package var description: String { "\(file)\(line.map { ":\($0)" } ?? ""): \(message)" }
}
