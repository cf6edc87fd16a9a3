import Glibc
package import Processes

/// Python with its `sqlite3`, as a second opinion on our files.
package enum Python {
    /// Where it is; `nil` without one that has `sqlite3`.
    package static let path: String? = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
        guard access($0, X_OK) == 0 else { return false }
        let look = Spawn($0, arguments: ["python3", "-c", "import sqlite3"], environment: .current())
        return (try? look.start().wait().status) == .exited(0)
    }

    package static func spawn(_ script: String, _ arguments: String...) -> Spawn {
        Spawn(path!, arguments: ["python3", "-c", script] + arguments, environment: .current())
    }
}
