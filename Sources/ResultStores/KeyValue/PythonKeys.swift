/// What the keys of Python's Celery begin with in every store of keys and values.
enum PythonKeys {
    static let tasks = "celery-task-meta-"
    static let groups = "celery-taskset-meta-"
    /// Counters of chords, in stores that count by numbers.
    static let chords = "chord-unlock-"

    /// A `global_keyprefix` with the underscore that Python adds unless it ends with one of `:_-.`.
    static func completed(prefix: String) -> String {
        prefix.last.map { ":_-.".contains($0) } ?? true ? prefix : prefix + "_"
    }
}
